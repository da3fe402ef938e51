// JSON of plain data that resembles the one before: statements of a batch have their names and most of their values in common. What is
// common is copied from bytes that were written before, and only what differs is written anew. The structure is walked all the same, so
// what is written never depends on what was written before. Cost: some half of writing it whole. Memory: 8 KiB and 512 values.
import { notWritten, writePlainJson } from './plain-json.js';
import { isPlainObject } from './shape.js';
import { maximumDepth } from './strict-json.js';

const maximumBytes = 2 ** 13;
const maximumTokens = 512;
/** What does not resemble the template is learnt as the next one, but not each time: nothing may resemble anything. */
const missesPerLesson = 8;

const [comma, colon] = [0x2c, 0x3a];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** What a token is: a text, number, boolean or null; a member's name; an array or an object, whose value is its length. */
const Kind = { leaf: 0, name: 1, array: 2, object: 3 } as const;

/** Writes values one after the other; faster when they resemble each other. */
export class JsonTemplate {
  // By token, in the order of the text: what it is, and for leaves where it stands in the bytes.
  readonly #kinds: number[] = [];
  readonly #values: unknown[] = [];
  readonly #begins: number[] = [];
  readonly #ends: number[] = [];
  readonly #bytes = new Uint8Array(maximumBytes);
  #length = 0;
  #misses = 0;

  // Of the value that is just being written.
  #token = 0;
  #copied = 0;
  #room: Uint8Array = this.#bytes;
  #end = 0;
  #fresh = 0;

  /** Writes what {@link writePlainJson} would write, and returns what that would. */
  write(value: unknown, room: Uint8Array, at: number): number {
    if (this.#length > 0) {
      const end = this.#writeAlong(value, room, at);
      if (end !== notWritten) return end;
    }
    if (this.#misses++ % missesPerLesson !== 0) return writePlainJson(value, room, at);
    this.#forget();
    const length = this.#learn(value, 0, 2);
    if (length === notWritten || length > maximumBytes) {
      this.#forget();
      return writePlainJson(value, room, at);
    }
    this.#length = length;
    if (length > room.length - at) return notWritten;
    for (let next = 0; next < length; next++) room[at + next] = this.#bytes[next]!;
    return at + length;
  }

  // ------------------------------------------------------------------------------------------------- along the template

  #writeAlong(value: unknown, room: Uint8Array, at: number): number {
    this.#room = room;
    this.#token = 0;
    this.#copied = 0;
    this.#end = at;
    this.#fresh = 0;
    if (!this.#resembles(value) || this.#token !== this.#kinds.length || !this.#copy(this.#length)) return notWritten;
    const isOld = this.#fresh * 2 > this.#end - at; // what was common is no more
    if (isOld && ++this.#misses % missesPerLesson === 0) this.#length = 0;
    return this.#end;
  }

  /** Writes a value's part of the text, all of it but for what is common and copied later; `false` when it is another one. */
  #resembles(value: unknown): boolean {
    const token = this.#token++;
    const kind = this.#kinds[token];
    if (typeof value !== 'object' || value === null) {
      return kind === Kind.leaf && (value === this.#values[token] || this.#writeLeaf(value, token));
    }
    if (Array.isArray(value)) {
      if (kind !== Kind.array || value.length !== this.#values[token]) return false;
      if ((value as { toJSON?: unknown }).toJSON !== undefined) return false;
      for (let at = 0; at < value.length; at++) if (!this.#resembles(value[at])) return false;
      return true;
    }
    if (kind !== Kind.object || !isPlainObject(value) || value.toJSON !== undefined) return false;
    let left = this.#values[token] as number;
    for (const name in value) {
      if (left-- === 0 || !this.#isNext(name) || !Object.hasOwn(value, name)) return false;
      if (!this.#resembles(value[name])) return false;
    }
    return left === 0;
  }

  #isNext(name: string): boolean {
    const token = this.#token++;
    return this.#kinds[token] === Kind.name && this.#values[token] === name;
  }

  #writeLeaf(value: unknown, token: number): boolean {
    if (!this.#copy(this.#begins[token]!)) return false;
    const end = writePlainJson(value, this.#room, this.#end);
    if (end === notWritten) return false;
    this.#fresh += end - this.#end;
    this.#end = end;
    this.#copied = this.#ends[token]!;
    return true;
  }

  /** Copies what is common, up to a place of the template; `false` when there is no room. */
  #copy(to: number): boolean {
    const [room, bytes] = [this.#room, this.#bytes];
    const from = this.#copied;
    const end = this.#end;
    if (to - from > room.length - end) return false;
    for (let next = from; next < to; next++) room[end + next - from] = bytes[next]!;
    this.#end = end + to - from;
    return true;
  }

  // ------------------------------------------------------------------------------------------------------ a new template

  #forget(): void {
    this.#length = 0;
    for (const column of [this.#kinds, this.#values, this.#begins, this.#ends]) column.length = 0;
  }

  /** Writes a value into the template's bytes, and returns where it ends. */
  #learn(value: unknown, at: number, depth: number): number {
    if (typeof value !== 'object' || value === null) {
      const end = writePlainJson(value, this.#bytes, at);
      this.#add(Kind.leaf, value, at, end);
      return this.#kinds.length > maximumTokens ? notWritten : end;
    }
    if (depth > maximumDepth || (value as { toJSON?: unknown }).toJSON !== undefined) return notWritten;
    if (Array.isArray(value)) return this.#learnArray(value, at, depth);
    return isPlainObject(value) ? this.#learnObject(value, at, depth) : notWritten;
  }

  #learnArray(items: readonly unknown[], at: number, depth: number): number {
    this.#add(Kind.array, items.length);
    let end = at;
    this.#bytes[end++] = openArray;
    for (let next = 0; next < items.length; next++) {
      if (next > 0) this.#bytes[end++] = comma;
      end = this.#learn(items[next], end, depth + 1);
      if (end === notWritten) return notWritten;
    }
    this.#bytes[end++] = closeArray;
    return end;
  }

  #learnObject(members: Record<string, unknown>, at: number, depth: number): number {
    const token = this.#kinds.length;
    let count = 0;
    this.#add(Kind.object, 0);
    let end = at;
    this.#bytes[end++] = openObject;
    for (const name in members) {
      if (name === '__proto__' || !Object.hasOwn(members, name)) return notWritten;
      if (count++ > 0) this.#bytes[end++] = comma;
      end = writePlainJson(name, this.#bytes, end);
      if (end === notWritten) return notWritten;
      this.#add(Kind.name, name);
      this.#bytes[end++] = colon;
      end = this.#learn(members[name], end, depth + 1);
      if (end === notWritten) return notWritten;
    }
    this.#values[token] = count;
    this.#bytes[end++] = closeObject;
    return end;
  }

  #add(kind: number, value: unknown, begin = 0, end = 0): void {
    this.#kinds.push(kind);
    this.#values.push(value);
    this.#begins.push(begin);
    this.#ends.push(end);
  }
}
