// MathJSON (Cortex JS) in and out: numbers, strings for symbols, arrays with a head. Both ways without recursion.

import { Budget, type BudgetLimits } from '../budget/index.js';
import { type MathJson, NOT_NUMBERS } from '../certificate/index.js';
import { reducerError } from '../errors/index.js';
import { type ExpressionStore, type ExprId, type FunctionName, postorder, requireStore } from '../expression/index.js';
import { denominatorOf, fromDouble, isInteger, numeratorOf, type Rational, rational } from '../numbers/index.js';
import { maxPrintedLength } from './display.js';
import { callByName, isFunctionName } from './names.js';

const heads: Readonly<Record<FunctionName, string>> = {
  ...{ exp: 'Exp', log: 'Ln', sin: 'Sin', cos: 'Cos', tan: 'Tan', asin: 'Arcsin', acos: 'Arccos', atan: 'Arctan' },
  ...{ sinh: 'Sinh', cosh: 'Cosh', tanh: 'Tanh', abs: 'Abs', sign: 'Sign', floor: 'Floor', ceil: 'Ceil' },
  ...{ min: 'Min', max: 'Max' },
};

const functionOfHead = new Map<string, string>([
  ...Object.entries(heads).map(([name, head]): [string, string] => [head, name]),
  ['Log', 'log10'],
  ['Sqrt', 'sqrt'],
]);
for (const name of ['Sec', 'Csc', 'Cot', 'Sech', 'Csch', 'Coth']) functionOfHead.set(name, name.toLowerCase());

const constants: Readonly<Record<string, (store: ExpressionStore) => ExprId>> = {
  Pi: (store) => store.pi,
  ExponentialE: (store) => store.call('exp', [store.one]),
  Half: (store) => store.half,
};

/**
 * An expression as MathJSON. A symbol whose name is reserved is written in back quotes: '`Pi`'.
 *
 * @param limits what stops it: the operation that it is part of, and steps
 * @throws TenstripError `BudgetExceeded` when the whole, written out, would have more than 2^24 parts; what the operation throws when it was
 *   stopped
 */
export function toMathJson(store: ExpressionStore, root: ExprId, limits?: BudgetLimits): MathJson {
  return mathJsonOf(store, root, limits === undefined ? undefined : new Budget(limits));
}

function mathJsonOf(store: ExpressionStore, root: ExprId, budget: Budget | undefined): MathJson {
  const made = new Map<ExprId, MathJson>();
  const sizes = new Map<ExprId, number>();
  for (const id of postorder(store, [root], budget)) {
    budget?.step(1 + store.childCount(id));
    let size = 1;
    for (const child of store.childrenOf(id)) size += sizes.get(child)!;
    if (size > maxPrintedLength) {
      const message = `written out, the expression has more than ${maxPrintedLength} parts`;
      throw reducerError('BudgetExceeded', message, { limit: 'maxPrintedLength', allowed: maxPrintedLength });
    }
    sizes.set(id, size);
    made.set(id, nodeJson(store, id, made));
  }
  return made.get(root)!;
}

/** One node, with what its children were made. @internal */
export function nodeJson(store: ExpressionStore, id: ExprId, made: ReadonlyMap<ExprId, MathJson>): MathJson {
  switch (store.kindOf(id)) {
    case 'number':
      return numberJson(store.numberAt(id));
    case 'pi':
      return 'Pi';
    case 'symbol':
      return symbolJson(store.nameOf(id)!);
    case 'call':
      return [heads[store.functionOf(id)!], ...store.childrenOf(id).map((child) => made.get(child)!)];
    case 'product': {
      const powers = store
        .factorsOf(id)
        .map(
          ({ base, exponent }): MathJson =>
            exponent === store.one ? made.get(base)! : ['Power', made.get(base)!, made.get(exponent)!],
        );
      return powers.length === 1 ? powers[0]! : ['Multiply', ...powers];
    }
    default: {
      const terms = store.termsOf(id).map(({ term, coefficient }): MathJson => {
        if (term === store.one) return numberJson(coefficient);
        return coefficient === 1 ? made.get(term)! : ['Multiply', numberJson(coefficient), made.get(term)!];
      });
      return terms.length === 1 ? terms[0]! : ['Add', ...terms];
    }
  }
}

function numberJson(value: Rational): MathJson {
  if (isInteger(value)) return integerJson(numeratorOf(value));
  return ['Rational', integerJson(numeratorOf(value)), integerJson(denominatorOf(value))];
}

function integerJson(value: bigint): MathJson {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { num: value.toString() };
}

function symbolJson(name: string): string {
  const reserved =
    Object.hasOwn(constants, name) || NOT_NUMBERS.includes(name) || name.includes('`') || /^[#']/.test(name);
  return reserved ? `\`${name.replaceAll('`', '``')}\`` : name;
}

const maxDepth = 1 << 20;

interface Open {
  readonly json: readonly MathJson[];
  readonly path: string;
  readonly operands: ExprId[];
}

/**
 * Reads MathJSON.
 *
 * @param limits what stops it: the operation that it is part of, and steps
 * @throws TenstripError `ParseError` with `details.path`, a JSON pointer to the part that is wrong; `UnknownFunction`; `DomainError`;
 *   `BudgetExceeded`; what the operation throws when it was stopped
 */
export function parseMathJson(store: ExpressionStore, json: unknown, limits?: BudgetLimits): ExprId {
  requireStore(store);
  if (limits === undefined) return read(store, json, undefined);
  const budget = new Budget(limits);
  return store.watching(
    () => budget.turn(),
    () => read(store, json, budget),
  );
}

function read(store: ExpressionStore, json: unknown, budget: Budget | undefined): ExprId {
  const stack: Open[] = [];
  let value = leaf(store, json, '', stack);
  let parts = 0;
  while (stack.length > 0) {
    budget?.step();
    // An array in memory may hold itself.
    if (++parts > maxPrintedLength || stack.length > maxDepth) {
      const message = `the MathJSON has more than ${maxPrintedLength} parts, or is nested more than ${maxDepth} times`;
      throw reducerError('BudgetExceeded', message, { limit: 'maxPrintedLength', allowed: maxPrintedLength });
    }
    const open = stack[stack.length - 1]!;
    if (value !== undefined) open.operands.push(value);
    const at = open.operands.length + 1;
    if (at < open.json.length)
      value = leaf(store, open.json[at], stack.length > 64 ? '…' : `${open.path}/${at}`, stack);
    else {
      stack.pop();
      value = compound(store, open);
    }
  }
  return value!;
}

/** A number or a symbol; an array is put on the stack, to be read first. */
function leaf(store: ExpressionStore, json: unknown, path: string, stack: Open[]): ExprId | undefined {
  if (typeof json === 'number') {
    if (!Number.isFinite(json)) throw wrong(`${json} is no number`, path);
    return store.number(Number.isInteger(json) ? fromDouble(json) : decimal(store, `${json}`, path));
  }
  if (typeof json === 'string') return symbolOf(store, json, path);
  if (Array.isArray(json)) {
    if (typeof json[0] !== 'string') throw wrong('an array begins with the name of its head', path);
    stack.push({ json: json as readonly MathJson[], path, operands: [] });
    return undefined;
  }
  if (typeof json === 'object' && json !== null && typeof (json as { num?: unknown }).num === 'string') {
    return store.number(decimal(store, (json as { num: string }).num, path));
  }
  throw wrong('a number, { num }, a symbol or [head, …] must stand here', path);
}

function symbolOf(store: ExpressionStore, text: string, path: string): ExprId {
  if (text === '') throw wrong('a symbol needs a name', path);
  if (Object.hasOwn(constants, text)) return constants[text]!(store);
  const quoted = /^`((?:[^`]|``)+)`$/.exec(text);
  return store.symbol(quoted === null ? text : quoted[1]!.replaceAll('``', '`'));
}

/** A decimal number, exactly: 0.1 is one tenth. */
function decimal(store: ExpressionStore, text: string, path: string): Rational {
  const match = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  if (match === null || (match[2] ?? '') + (match[3] ?? '') === '')
    throw wrong(`"${text.slice(0, 60)}" is no number`, path);
  const [, sign, whole = '', broken = '', exponent = '0'] = match;
  const scale = Number(exponent) - broken.length;
  if ((whole.length + broken.length + Math.abs(scale)) * 3.33 > store.maxBits + 4) {
    const message = `a number needs more than ${store.maxBits} bits; raise maxBits`;
    throw reducerError('BudgetExceeded', message, { limit: 'maxBits', allowed: store.maxBits, path });
  }
  const digits = BigInt(`${whole}${broken}`) * (sign === '-' ? -1n : 1n);
  return scale >= 0 ? rational(digits * 10n ** BigInt(scale)) : rational(digits, 10n ** BigInt(-scale));
}

function compound(store: ExpressionStore, { json, path, operands }: Open): ExprId {
  const head = json[0] as string;
  const need = (count: number) => {
    if (operands.length !== count) throw wrong(`${head} takes ${count} operands, not ${operands.length}`, path);
  };
  switch (head) {
    case 'Add':
      return store.sum(operands.length === 0 ? [store.zero] : operands);
    case 'Multiply':
      return store.product(operands.length === 0 ? [store.one] : operands);
    case 'Subtract':
      need(2);
      return store.subtract(operands[0]!, operands[1]!);
    case 'Negate':
      need(1);
      return store.negate(operands[0]!);
    case 'Divide':
    case 'Rational':
      need(2);
      return store.divide(operands[0]!, operands[1]!);
    case 'Power':
      need(2);
      return store.power(operands[0]!, operands[1]!);
    case 'Square':
      need(1);
      return store.power(operands[0]!, store.rational(2n));
    case 'Root':
      need(2);
      return store.power(operands[0]!, store.power(operands[1]!, store.minusOne));
    case 'Delimiter':
      need(1);
      return operands[0]!;
    default: {
      const name = functionOfHead.get(head);
      if (name !== undefined && isFunctionName(name)) return callByName(store, name, operands);
      throw reducerError('UnknownFunction', `no function has the head "${head.slice(0, 60)}" (at ${path || '/'})`, {
        name: head,
        path,
      });
    }
  }
}

function wrong(problem: string, path: string) {
  return reducerError('ParseError', `${problem} (at ${path || '/'})`, { path });
}

/**
 * An expression as the text of its MathJSON; deep ones too, for which `JSON.stringify` has no stack.
 *
 * @param limits what stops it: the operation that it is part of, and steps
 * @throws TenstripError `BudgetExceeded` when it would be longer than 2^24 characters; what the operation throws when it was stopped
 */
export function printMathJson(store: ExpressionStore, root: ExprId, limits?: BudgetLimits): string {
  const budget = limits === undefined ? undefined : new Budget(limits);
  const work: (MathJson | { readonly text: string })[] = [mathJsonOf(store, root, budget)];
  const out: string[] = [];
  while (work.length > 0) {
    const item = work.pop()!;
    budget?.step();
    if (!Array.isArray(item)) {
      out.push(typeof item === 'object' && 'text' in item ? item.text : JSON.stringify(item));
      continue;
    }
    work.push({ text: ']' });
    for (let at = item.length - 1; at >= 0; at--) {
      work.push(item[at]!);
      if (at > 0) work.push({ text: ',' });
    }
    work.push({ text: '[' });
  }
  return out.join('');
}
