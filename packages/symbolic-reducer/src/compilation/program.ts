// Straight-line programs: one operation an instruction, each value once. Shared nodes are shared values (common subexpressions), whole
// powers are chains of multiplications that are shared too, and negative exponents make one division. What a program computes is found by
// running it on expressions, so that it can be compared with what was to be computed.

import { reducerError } from '../errors/index.js';
import {
  type ExpressionStore,
  type ExprId,
  type FunctionName,
  functionIndex,
  functionTable,
  postorder,
  symbolNames,
} from '../expression/index.js';
import {
  absolute,
  denominatorOf,
  enclose,
  isInteger,
  negate,
  numeratorOf,
  type Rational,
  rational,
  signOf,
  toText,
} from '../numbers/index.js';

/** One instruction; operands are the numbers of earlier instructions. */
export type Instruction =
  | { readonly operation: 'parameter'; readonly index: number }
  | { readonly operation: 'number'; readonly value: Rational }
  | { readonly operation: 'pi' }
  | {
      readonly operation: 'add' | 'subtract' | 'multiply' | 'divide' | 'power';
      readonly left: number;
      readonly right: number;
    }
  | { readonly operation: 'negate' | 'root'; readonly operand: number }
  | { readonly operation: 'call'; readonly name: FunctionName; readonly operands: readonly number[] };

/** A straight-line program. */
export interface Program {
  /** Names of the symbols, in the order of its parameters. */
  readonly parameters: readonly string[];
  /** In an order in which they can run. */
  readonly instructions: readonly Instruction[];
  /** The instructions whose values are the results. */
  readonly results: readonly number[];
}

/**
 * The program of some expressions.
 *
 * @param parameters the order of the parameters; default: all symbols, sorted
 * @throws TenstripError `CompilationRefused` when a symbol is no parameter
 */
export function programOf(store: ExpressionStore, roots: readonly ExprId[], parameters?: readonly string[]): Program {
  const names = symbolNames(store, roots);
  const order = parameters ?? names;
  const missing = names.filter((name) => !order.includes(name));
  if (missing.length > 0) {
    const message = `the symbols ${missing.join(', ')} are no parameters; name them in \`parameters\``;
    throw reducerError('CompilationRefused', message, { problem: message });
  }
  const writer = new ProgramWriter(store, order);
  for (const id of postorder(store, roots)) writer.node(id);
  return {
    parameters: [...order],
    instructions: writer.instructions,
    results: roots.map((root) => writer.value(root)),
  };
}

class ProgramWriter {
  readonly instructions: Instruction[] = [];
  readonly #store: ExpressionStore;
  readonly #parameters: readonly string[];
  readonly #values = new Map<ExprId, number>();
  readonly #known = new Map<string, number>();

  constructor(store: ExpressionStore, parameters: readonly string[]) {
    this.#store = store;
    this.#parameters = parameters;
  }

  value(id: ExprId): number {
    const value = this.#store.valueOf(id);
    return value === undefined ? this.#values.get(id)! : this.#number(value);
  }

  #emit(instruction: Instruction): number {
    const key = keyOf(instruction);
    let at = this.#known.get(key);
    if (at === undefined) {
      at = this.instructions.push(instruction) - 1;
      this.#known.set(key, at);
    }
    return at;
  }

  #number(value: Rational): number {
    return this.#emit({ operation: 'number', value });
  }

  node(id: ExprId): void {
    const store = this.#store;
    switch (store.kindOf(id)) {
      case 'number':
        return;
      case 'pi':
        this.#values.set(id, this.#emit({ operation: 'pi' }));
        return;
      case 'symbol':
        this.#values.set(
          id,
          this.#emit({ operation: 'parameter', index: this.#parameters.indexOf(store.nameOf(id)!) }),
        );
        return;
      case 'call': {
        const operands = store.childrenOf(id).map((child) => this.value(child));
        this.#values.set(id, this.#emit({ operation: 'call', name: store.functionOf(id)!, operands }));
        return;
      }
      case 'product':
        this.#values.set(id, this.#product(id));
        return;
      default:
        this.#values.set(id, this.#sum(id));
    }
  }

  /** Positive terms first, so that the others are subtracted; a coefficient of 1 costs nothing. */
  #sum(id: ExprId): number {
    const store = this.#store;
    const terms = store.termsOf(id);
    const ordered = [
      ...terms.filter(({ coefficient }) => signOf(coefficient) > 0),
      ...terms.filter(({ coefficient }) => signOf(coefficient) < 0),
    ];
    let sum: number | undefined;
    for (const { term, coefficient } of ordered) {
      const size = absolute(coefficient);
      const value = this.#scaled(term, size);
      if (sum === undefined)
        sum = signOf(coefficient) < 0 ? this.#emit({ operation: 'negate', operand: value }) : value;
      else sum = this.#emit({ operation: signOf(coefficient) < 0 ? 'subtract' : 'add', left: sum, right: value });
    }
    return sum!;
  }

  /** 3x is a multiplication, x/3 a division, 2x/3 both: no rounded third is multiplied with. */
  #scaled(term: ExprId, size: Rational): number {
    if (term === this.#store.one) return this.#number(size);
    let value = this.value(term);
    const [top, bottom] = [numeratorOf(size), denominatorOf(size)];
    if (top !== 1n) value = this.#emit({ operation: 'multiply', left: value, right: this.#number(rational(top)) });
    if (bottom === 1n) return value;
    // Halves, quarters and so on are exact: a multiplication does.
    if ((bottom & (bottom - 1n)) === 0n && bottom < 1n << 64n) {
      return this.#emit({ operation: 'multiply', left: value, right: this.#number(rational(1n, bottom)) });
    }
    return this.#emit({ operation: 'divide', left: value, right: this.#number(rational(bottom)) });
  }

  #product(id: ExprId): number {
    const store = this.#store;
    let above: number | undefined;
    let below: number | undefined;
    for (const { base, exponent } of store.factorsOf(id)) {
      const value = store.valueOf(exponent);
      const isBelow = value !== undefined && signOf(value) < 0;
      const power = this.#power(base, exponent, isBelow ? negate(value) : value);
      if (isBelow)
        below = below === undefined ? power : this.#emit({ operation: 'multiply', left: below, right: power });
      else above = above === undefined ? power : this.#emit({ operation: 'multiply', left: above, right: power });
    }
    if (below === undefined) return above!;
    return this.#emit({ operation: 'divide', left: above ?? this.#number(1), right: below });
  }

  #power(base: ExprId, exponent: ExprId, size: Rational | undefined): number {
    const value = this.value(base);
    if (size === undefined) return this.#emit({ operation: 'power', left: value, right: this.value(exponent) });
    if (isInteger(size)) {
      if (typeof size === 'number' && size <= 1_024) return this.#chain(value, size);
      return this.#emit({ operation: 'power', left: value, right: this.#number(size) });
    }
    // x^(n + 1/2) is x^n times a root; powers of products have forms of their own
    const isSimple = this.#store.termsOf(base).length > 1 || this.#isAtom(base) || numeratorOf(size) === 1n;
    if (isSimple && denominatorOf(size) === 2n && numeratorOf(size) < 64n) {
      const root = this.#emit({ operation: 'root', operand: value });
      const whole = Number(numeratorOf(size) / 2n);
      return whole === 0 ? root : this.#emit({ operation: 'multiply', left: this.#chain(value, whole), right: root });
    }
    return this.#emit({ operation: 'power', left: value, right: this.#number(size) });
  }

  #isAtom(base: ExprId): boolean {
    const kind = this.#store.kindOf(base);
    return kind !== 'product' && kind !== 'sum';
  }

  /** x^n by squaring from the left: x^3 = x^2 * x, x^6 = x^3 * x^3; shared with all other powers of x. */
  #chain(value: number, exponent: number): number {
    if (exponent === 0) return this.#number(1);
    let power = value;
    for (let bit = Math.floor(Math.log2(exponent)) - 1; bit >= 0; bit--) {
      power = this.#emit({ operation: 'multiply', left: power, right: power });
      if (Math.floor(exponent / 2 ** bit) % 2 === 1)
        power = this.#emit({ operation: 'multiply', left: power, right: value });
    }
    return power;
  }
}

function keyOf(instruction: Instruction): string {
  switch (instruction.operation) {
    case 'number':
      return `number ${toText(instruction.value)}`;
    case 'parameter':
      return `parameter ${instruction.index}`;
    case 'pi':
      return 'pi';
    case 'negate':
    case 'root':
      return `${instruction.operation} ${instruction.operand}`;
    case 'call':
      return `call ${instruction.name} ${instruction.operands.join()}`;
    default:
      return `${instruction.operation} ${instruction.left} ${instruction.right}`;
  }
}

/** What a program computes, as expressions: the program run on them. */
export function symbolicResults(store: ExpressionStore, { parameters, instructions, results }: Program): ExprId[] {
  const values: ExprId[] = [];
  for (const instruction of instructions) {
    const at = (index: number) => values[index]!;
    switch (instruction.operation) {
      case 'parameter':
        values.push(store.symbol(parameters[instruction.index]!));
        break;
      case 'number':
        values.push(store.number(instruction.value));
        break;
      case 'pi':
        values.push(store.pi);
        break;
      case 'add':
        values.push(store.sum([at(instruction.left), at(instruction.right)]));
        break;
      case 'subtract':
        values.push(store.subtract(at(instruction.left), at(instruction.right)));
        break;
      case 'multiply':
        values.push(store.product([at(instruction.left), at(instruction.right)]));
        break;
      case 'divide':
        values.push(store.divide(at(instruction.left), at(instruction.right)));
        break;
      case 'power':
        values.push(store.power(at(instruction.left), at(instruction.right)));
        break;
      case 'negate':
        values.push(store.negate(at(instruction.operand)));
        break;
      case 'root':
        values.push(store.squareRoot(at(instruction.operand)));
        break;
      default:
        values.push(store.call(instruction.name, instruction.operands.map(at)));
    }
  }
  return results.map((result) => values[result]!);
}

/** The double that stands for a number. */
export function doubleOf(value: Rational): number {
  if (typeof value === 'number') return value;
  const { low, high } = enclose(value);
  return low === Number.NEGATIVE_INFINITY || high === Number.POSITIVE_INFINITY
    ? signOf(value) < 0
      ? low
      : high
    : low + (high - low) / 2;
}

/** Runs a program in doubles, without generated code. */
export function runProgram({ instructions, results }: Program, values: readonly number[]): number[] {
  const at = new Float64Array(instructions.length);
  instructions.forEach((instruction, index) => {
    at[index] = runInstruction(instruction, at, values);
  });
  return results.map((result) => at[result]!);
}

function runInstruction(instruction: Instruction, at: Float64Array, values: readonly number[]): number {
  switch (instruction.operation) {
    case 'parameter':
      return values[instruction.index]!;
    case 'number':
      return doubleOf(instruction.value);
    case 'pi':
      return Math.PI;
    case 'add':
      return at[instruction.left]! + at[instruction.right]!;
    case 'subtract':
      return at[instruction.left]! - at[instruction.right]!;
    case 'multiply':
      return at[instruction.left]! * at[instruction.right]!;
    case 'divide':
      return at[instruction.left]! / at[instruction.right]!;
    case 'power':
      return at[instruction.left]! ** at[instruction.right]!;
    case 'negate':
      return -at[instruction.operand]!;
    case 'root':
      return Math.sqrt(at[instruction.operand]!);
    default: {
      const { evaluate } = functionTable[functionIndex.get(instruction.name)!]!;
      return evaluate(...instruction.operands.map((operand) => at[operand]!));
    }
  }
}
