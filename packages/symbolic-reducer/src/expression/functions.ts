// The functions that an expression can call: a closed table. What each does to signs and to intervals stands beside its name; how it
// is differentiated, printed and compiled stands with those.

import {
  absoluteInterval,
  arcCosine,
  arcSine,
  arcTangent,
  ceilingInterval,
  cosine,
  exponential,
  floorInterval,
  hyperbolicCosine,
  hyperbolicSine,
  hyperbolicTangent,
  type Interval,
  logarithm,
  maximum,
  minimum,
  signInterval,
  sine,
  tangent,
} from '../numbers/index.js';

/** The functions, by the names that text has for them. `sqrt` is a power. */
export type FunctionName =
  | 'exp'
  | 'log'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'min'
  | 'max';

/** Which signs a value can have: a sum of {@link negativeSign}, {@link zeroSign}, {@link positiveSign}. */
export type SignMask = number;
/** The value can be negative. */
export const negativeSign = 1;
/** The value can be 0. */
export const zeroSign = 2;
/** The value can be positive. */
export const positiveSign = 4;
/** Nothing is known. */
export const anySign = 7;

/** What the engine knows of a function. @internal */
export interface FunctionDefinition {
  readonly name: FunctionName;
  /** Arguments; `Infinity`: any number of them, at least one, in any order. */
  readonly arity: number;
  /** f(-x) = -f(x), or f(-x) = f(x). */
  readonly parity?: 'odd' | 'even';
  /** The signs of the value from those of the arguments, where it is defined. */
  readonly signs: (masks: readonly SignMask[]) => SignMask;
  /** All values over an interval; `undefined` where some are not defined. */
  readonly interval: (boxes: readonly Interval[]) => Interval | undefined;
  /** In doubles. */
  readonly evaluate: (...values: number[]) => number;
}

const any = () => anySign;
const same = ([mask]: readonly SignMask[]) => mask!;
const unary = (f: (a: Interval) => Interval | undefined) => (boxes: readonly Interval[]) => f(boxes[0]!);

const nonNegative = zeroSign | positiveSign;
/** Zero only where the argument is. */
const magnitude = ([mask]: readonly SignMask[]) =>
  (mask! & zeroSign) | ((mask! & (negativeSign | positiveSign)) === 0 ? 0 : positiveSign);

/** The table, in an order that never changes: it is part of the structure that expressions are sorted by. @internal */
export const functionTable: readonly FunctionDefinition[] = [
  { name: 'exp', arity: 1, signs: () => positiveSign, interval: unary(exponential), evaluate: Math.exp },
  { name: 'log', arity: 1, signs: any, interval: unary(logarithm), evaluate: Math.log },
  { name: 'sin', arity: 1, parity: 'odd', signs: any, interval: unary(sine), evaluate: Math.sin },
  { name: 'cos', arity: 1, parity: 'even', signs: any, interval: unary(cosine), evaluate: Math.cos },
  { name: 'tan', arity: 1, parity: 'odd', signs: any, interval: unary(tangent), evaluate: Math.tan },
  { name: 'asin', arity: 1, parity: 'odd', signs: same, interval: unary(arcSine), evaluate: Math.asin },
  { name: 'acos', arity: 1, signs: () => nonNegative, interval: unary(arcCosine), evaluate: Math.acos },
  { name: 'atan', arity: 1, parity: 'odd', signs: same, interval: unary(arcTangent), evaluate: Math.atan },
  { name: 'sinh', arity: 1, parity: 'odd', signs: same, interval: unary(hyperbolicSine), evaluate: Math.sinh },
  {
    ...{ name: 'cosh', arity: 1, parity: 'even', signs: () => positiveSign },
    ...{ interval: unary(hyperbolicCosine), evaluate: Math.cosh },
  },
  { name: 'tanh', arity: 1, parity: 'odd', signs: same, interval: unary(hyperbolicTangent), evaluate: Math.tanh },
  { name: 'abs', arity: 1, parity: 'even', signs: magnitude, interval: unary(absoluteInterval), evaluate: Math.abs },
  { name: 'sign', arity: 1, parity: 'odd', signs: same, interval: unary(signInterval), evaluate: Math.sign },
  {
    ...{ name: 'floor', arity: 1, interval: unary(floorInterval), evaluate: Math.floor },
    signs: ([mask]) => mask! | ((mask! & positiveSign) === 0 ? 0 : zeroSign),
  },
  {
    ...{ name: 'ceil', arity: 1, interval: unary(ceilingInterval), evaluate: Math.ceil },
    signs: ([mask]) => mask! | ((mask! & negativeSign) === 0 ? 0 : zeroSign),
  },
  {
    ...{ name: 'min', arity: Number.POSITIVE_INFINITY, evaluate: Math.min },
    signs: (masks) => masks.reduce(leastSigns),
    interval: (boxes) => boxes.reduce(minimum),
  },
  {
    ...{ name: 'max', arity: Number.POSITIVE_INFINITY, evaluate: Math.max },
    signs: (masks) => opposite(masks.map(opposite).reduce(leastSigns)),
    interval: (boxes) => boxes.reduce(maximum),
  },
];

/** The signs of -x. @internal */
function opposite(mask: SignMask): SignMask {
  return (mask & zeroSign) | (mask & positiveSign ? negativeSign : 0) | (mask & negativeSign ? positiveSign : 0);
}

/** The signs of the lesser of two: each pair of signs gives its lesser one. */
function leastSigns(a: SignMask, b: SignMask): SignMask {
  let result = 0;
  for (const x of [negativeSign, zeroSign, positiveSign])
    for (const y of [negativeSign, zeroSign, positiveSign]) if (a & x && b & y) result |= Math.min(x, y);
  return result;
}

/** The signs of a product. @internal */
export function signsOfProduct(a: SignMask, b: SignMask): SignMask {
  const same = a & b & positiveSign || a & b & negativeSign ? positiveSign : 0;
  const mixed = (a & positiveSign && b & negativeSign) || (a & negativeSign && b & positiveSign) ? negativeSign : 0;
  return same | mixed | ((a | b) & zeroSign);
}

/** The signs of a sum. @internal */
export function signsOfSum(a: SignMask, b: SignMask): SignMask {
  if (a & positiveSign && b & negativeSign) return anySign;
  if (a & negativeSign && b & positiveSign) return anySign;
  return ((a | b) & (positiveSign | negativeSign)) | (a & b & zeroSign);
}

/** Position in the table. @internal */
export const functionIndex: ReadonlyMap<string, number> = new Map(
  functionTable.map(({ name }, index) => [name, index]),
);
