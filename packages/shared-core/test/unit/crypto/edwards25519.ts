// The curve of RFC 8032 section 5.1 in affine coordinates and big integers: slow and plain, for computing the edge cases
// that the strict profile is about. Nothing here is shared with the code under test.
import { createHash } from 'node:crypto';

export const p = 2n ** 255n - 19n;
export const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;
const d = mod(-121665n * inverse(121666n));

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export const identity: Point = { x: 0n, y: 1n };
export const base: Point = pointOf(mod(4n * inverse(5n)), 0n)!;

export function add(a: Point, b: Point): Point {
  const product = mod(d * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  };
}

export function multiply(scalar: bigint, point: Point): Point {
  let [result, power] = [identity, point];
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, power);
    power = add(power, power);
  }
  return result;
}

/** The point with this y and the x of this parity, if there is one. */
function pointOf(y: bigint, parity: bigint): Point | undefined {
  const square = mod((y * y - 1n) * inverse(d * y * y + 1n));
  let x = power(square, (p + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (p - 1n) / 4n));
  if (mod(x * x) !== square) return undefined;
  return { x: (x & 1n) === parity ? x : mod(-x), y };
}

/** The eight points whose order divides 8: the multiples of a point of order 8. */
export function lowOrderPoints(): Point[] {
  for (let y = 2n; ; y++) {
    const point = pointOf(y, 0n);
    const torsion = point && multiply(groupOrder, point);
    if (torsion !== undefined && multiply(4n, torsion).y !== 1n) {
      return Array.from({ length: 8 }, (_, times) => multiply(BigInt(times), torsion));
    }
  }
}

export function encode(point: Point): Uint8Array {
  return littleEndian(point.y | ((point.x & 1n) << 255n));
}

export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));
}

/** k of RFC 8032: SHA-512(R || A || M) as a little-endian integer, modulo L. */
export function challenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  const digest = createHash('sha512').update(r).update(a).update(message).digest();
  return BigInt(`0x${digest.reverse().toString('hex')}`) % groupOrder;
}

function mod(value: bigint): bigint {
  const rest = value % p;
  return rest < 0n ? rest + p : rest;
}

function inverse(value: bigint): bigint {
  return power(mod(value), p - 2n);
}

function power(value: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, value];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}
