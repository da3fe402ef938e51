// Texts that are compared by identity.

/** `name` as the engine keeps names of properties: equal names are one and the same string. */
export function internedName(name: string): string {
  return Object.keys({ [name]: 0 })[0]!;
}
