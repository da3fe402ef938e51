// The oracle: every order of every choice of the unknown operations, tried one after another on an object that answers. It
// shares nothing with the checker: no model, no list, no cache, no pruning.

import type { HistoryEntry } from '../../../src/checking/index.js';

/** An object that can be copied and asked; what it answers is compared with what was answered. */
export interface PlainObject {
  copy(): PlainObject;
  /** The answer; `undefined` where it says nothing; `blocked` when the operation cannot take place now. */
  ask(operation: never): unknown;
}

export const blocked = Symbol('blocked');

/** Whether some order explains the history. Factorial: for histories of up to about seven operations. */
export function isLinearizableByForce(history: readonly HistoryEntry[], object: PlainObject): boolean {
  const happened = history.filter(({ outcome }) => outcome !== 'fail');
  return explains(happened, object);
}

function explains(left: readonly HistoryEntry[], object: PlainObject): boolean {
  if (left.every(({ outcome }) => outcome === 'unknown')) return true;
  return left.some((entry) => {
    const mustWait = left.some(
      (other) => other !== entry && other.outcome === 'ok' && other.return !== undefined && other.return < entry.call,
    );
    if (mustWait) return false;
    const after = object.copy();
    const answer = after.ask(entry.operation as never);
    if (answer === blocked) return false;
    if (entry.outcome === 'ok' && answer !== undefined && !sameAnswer(answer, entry.result)) return false;
    return explains(
      left.filter((other) => other !== entry),
      after,
    );
  });
}

function sameAnswer(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

type Value = number | null;

export class PlainRegister implements PlainObject {
  #value: Value;
  constructor(value: Value = null) {
    this.#value = value;
  }
  copy() {
    return new PlainRegister(this.#value);
  }
  ask(operation: { f: string; value?: Value; from?: Value; to?: Value }) {
    if (operation.f === 'read') return this.#value;
    if (operation.f === 'write') {
      this.#value = operation.value!;
      return undefined;
    }
    if (this.#value !== operation.from) return false;
    this.#value = operation.to!;
    return true;
  }
}

export class PlainStore implements PlainObject {
  readonly #values: Record<string, string>;
  constructor(values: Record<string, string> = {}) {
    this.#values = values;
  }
  copy() {
    return new PlainStore({ ...this.#values });
  }
  ask({ f, key, value }: { f: string; key: string; value?: string }) {
    if (f === 'get') return this.#values[key] ?? null;
    if (f === 'put') this.#values[key] = value!;
    else if (f === 'append') this.#values[key] = (this.#values[key] ?? '') + value;
    else delete this.#values[key];
    return undefined;
  }
}

export class PlainQueue implements PlainObject {
  readonly #items: number[];
  constructor(items: number[] = []) {
    this.#items = items;
  }
  copy() {
    return new PlainQueue([...this.#items]);
  }
  ask({ f, value }: { f: string; value?: number }) {
    if (f === 'dequeue') return this.#items.shift() ?? null;
    this.#items.push(value!);
    return undefined;
  }
}

export class PlainLock implements PlainObject {
  #owner: string | undefined;
  constructor(owner: string | undefined = undefined) {
    this.#owner = owner;
  }
  copy() {
    return new PlainLock(this.#owner);
  }
  ask({ f, owner }: { f: string; owner: string }) {
    if (f === 'release') {
      if (this.#owner !== owner) return blocked;
      this.#owner = undefined;
      return undefined;
    }
    const free = this.#owner === undefined;
    if (!free) return f === 'try' ? false : blocked;
    this.#owner = owner;
    return f === 'try' ? true : undefined;
  }
}

export class PlainSet implements PlainObject {
  readonly #flags: boolean[];
  constructor(flags: boolean[] = [false, false]) {
    this.#flags = flags;
  }
  copy() {
    return new PlainSet([...this.#flags]);
  }
  ask({ f, value }: { f: string; value?: number }) {
    if (f === 'read') return [0, 1].filter((one) => this.#flags[one]);
    const present = this.#flags[value!]!;
    if (f === 'has') return present;
    this.#flags[value!] = f === 'add';
    return f === 'add' ? !present : present;
  }
}
