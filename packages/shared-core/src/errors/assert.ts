// Assertions state what the program itself guarantees. A failing one is a programmer's error, not bad input.

/** Throws a plain `Error` when `condition` is falsy: an invariant of the program is broken. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Marks a place that the types say cannot be reached; throws when it is. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
