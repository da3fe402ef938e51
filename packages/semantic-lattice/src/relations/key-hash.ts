/** The hash of a key; generated code has the same in its text. */
export function hashOf(key: Int32Array, length: number): number {
  let hash = 0;
  for (let index = 0; index < length; index++) hash = Math.imul((hash ^ (hash >>> 15)) + key[index]!, 0x9e3779b1);
  return hash ^ (hash >>> 16);
}
