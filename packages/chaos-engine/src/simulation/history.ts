// How a scenario's operations get into the history of its world, which is one that checkers take as it is.

/** How an operation is recorded. */
export interface RecordOptions {
  /** Tells of an error that the operation certainly did not happen. Default: one never knows. */
  readonly failed?: (error: unknown) => boolean;
}

/** Values as short text, for steps and hashes. */
export function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? String(value);
  } catch {
    return String(value);
  }
}
