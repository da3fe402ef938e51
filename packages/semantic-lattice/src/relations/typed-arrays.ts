/** A column without rows. */
export const emptyColumn: Int32Array = new Int32Array(0);

/** A longer copy. */
export function grown(column: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(column);
  return longer;
}
