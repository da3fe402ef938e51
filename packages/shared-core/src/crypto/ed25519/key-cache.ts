// A bounded map that forgets what was used longest ago. Importing a raw public key into OpenSSL costs about as much as
// verifying with it (73 us), so imported keys are kept.

/** The last `capacity` values made by `make`, by the bytes of their key. O(1). */
export class KeyCache<Value> {
  readonly #capacity: number;
  readonly #make: (key: Uint8Array) => Value;
  /** In order of last use, oldest first. */
  readonly #values = new Map<string, Value>();
  /** The one used last, by a copy of its key: comparing 32 bytes costs a tenth of looking them up. */
  #last: { readonly key: Uint8Array; readonly value: Value } | undefined;

  /** @throws RangeError unless `capacity` is an integer of 1 or more. */
  constructor(capacity: number, make: (key: Uint8Array) => Value) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`maxKeys is ${capacity}; expected an integer of 1 or more`);
    }
    this.#capacity = capacity;
    this.#make = make;
  }

  /** How many values are kept now. */
  get size(): number {
    return this.#values.size;
  }

  get(key: Uint8Array): Value {
    if (this.#last !== undefined && sameBytes(this.#last.key, key)) return this.#last.value;
    const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
    const known = this.#values.get(name);
    const value = known === undefined ? this.#make(key) : known;
    this.#values.delete(name);
    this.#values.set(name, value);
    if (this.#values.size > this.#capacity) this.#forgetOldest();
    this.#last = { key: key.slice(), value };
    return value;
  }

  #forgetOldest(): void {
    for (const name of this.#values.keys()) {
      this.#values.delete(name);
      return;
    }
  }
}

/** Keys here are public: how long comparing takes tells nobody anything. */
function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
