// Canonical JSON: one text for one value, fit for hashing and signing. Source: RFC 8785 (JCS), printed by the library
// canonicalize. Before it prints, what JSON cannot say is refused, where JSON.stringify would change or drop it.
import canonicalize from 'canonicalize';

/** Deepest nesting of arrays and objects that is printed. */
const maximumDepth = 1000;

/**
 * The canonical JSON text of `value`: members sorted by UTF-16 units, no blanks, numbers as ECMAScript prints them.
 * As in `JSON.stringify`, `toJSON` is called and object members that are `undefined` are left out.
 *
 * @throws TypeError that names the place, for what JSON cannot say: NaN, infinities, `bigint`, functions, symbols,
 * `undefined` at the top or in an array, lone surrogates, objects other than plain ones (a Map, a Uint8Array), cycles,
 * and nesting deeper than 1,000.
 */
export function canonicalJson(value: unknown): string {
  checkValue(value, [], new Set());
  return canonicalize(value)!;
}

type Path = (string | number)[];

function checkValue(value: unknown, path: Path, open: Set<object>): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) refuse(path, String(value));
      return;
    case 'string':
      checkText(value, path);
      return;
    case 'object':
      if (value !== null) checkObject(value, path, open);
      return;
    default:
      refuse(path, typeof value);
  }
}

function checkObject(value: object, path: Path, open: Set<object>): void {
  if (open.has(value)) refuse(path, 'a reference to an object around it');
  if (open.size >= maximumDepth) refuse(path.slice(0, 8), `nested deeper than ${maximumDepth} levels`);
  open.add(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') checkValue(value.toJSON(), path, open);
  else if (Array.isArray(value)) checkArray(value, path, open);
  else if (isPlainObject(value)) checkMembers(value, path, open);
  else refuse(path, `an instance of ${value.constructor?.name ?? 'an unknown class'}`);
  open.delete(value);
}

function checkArray(items: readonly unknown[], path: Path, open: Set<object>): void {
  for (let at = 0; at < items.length; at++) {
    path.push(at);
    checkValue(items[at], path, open);
    path.pop();
  }
}

function checkMembers(members: object, path: Path, open: Set<object>): void {
  for (const [name, member] of Object.entries(members)) {
    if (member === undefined) continue;
    path.push(name);
    checkText(name, path);
    checkValue(member, path, open);
    path.pop();
  }
}

function checkText(text: string, path: Path): void {
  if (/\p{Surrogate}/u.test(text)) refuse(path, 'text with half of a surrogate pair');
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function refuse(path: Path, what: string): never {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `[${JSON.stringify(step)}]`)).join('');
  throw new TypeError(`value${place} is ${what}, which JSON cannot say: convert it first`);
}
