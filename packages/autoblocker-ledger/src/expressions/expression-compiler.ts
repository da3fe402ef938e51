// Syntax tree to closures: each node becomes one JavaScript function of the scope, so evaluating costs a few calls and no
// interpretation, and no code is ever built from text. What a rule may name (variables, functions, methods) is checked
// when the rule is compiled; a rule that names anything else is refused with the place.
import { internedName } from '../patterns/index.js';
import { type BinaryOperator, type Expression, parseExpression, type SyntaxProblem } from './expression-syntax.js';
import { isMap, StringMap } from './string-map.js';

/** A record some of whose fields are made when they are asked for: by this method, as accessors are no members of their own. */
export const madeField: unique symbol = Symbol('madeField');

interface MadeFields {
  /** `null` for what is no such field. */
  readonly [madeField]: (name: unknown) => unknown;
}

/** The values that an expression sees, by name: `evt`, `queue`, … String maps are `Map`s (a missing key is `""`, as in Go). */
export type Scope = Readonly<Record<string, unknown>>;

/** A compiled expression. Throws {@link EvaluationFailure} where Go's expr stops with a run-time error. */
export type Evaluate = (scope: Scope) => unknown;

/** What expressions may call and name. */
export interface Vocabulary {
  /** Variables of the scope. */
  readonly variables: ReadonlySet<string>;
  /** Fields of variables that have no others. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * How what stands at a path of constant names is read (`evt.Meta.service` is `['evt', 'Meta', 'service']`): faster than by one
   * name after the other, and the same. `undefined`: by the names.
   */
  readonly reader?: (path: readonly string[]) => Evaluate | undefined;
  /** Functions, called with evaluated arguments; `pure` ones of constants are folded. */
  readonly functions: ReadonlyMap<string, HostFunction>;
  /** Methods (`value.Name(…)`), called with the value first. */
  readonly methods: ReadonlyMap<string, HostFunction>;
  /** Compiles the right side of `matches`. */
  readonly pattern: (text: string) => { test(text: string): boolean } | { readonly problem: string };
}

/** A function that rules may call. */
export interface HostFunction {
  readonly call: (scope: Scope, ...values: readonly unknown[]) => unknown;
  /** Smallest and largest number of arguments. */
  readonly arity: readonly [minimum: number, maximum: number];
  /** Whether equal arguments always give equal results. */
  readonly pure?: boolean;
  /** Whether numbers that it returns are whole, and written without a fraction. */
  readonly whole?: boolean;
  /** Why a call with these constant arguments (`undefined` where one is not constant) is refused when it is compiled. */
  readonly refuse?: (values: readonly unknown[]) => string | undefined;
}

/** An expression met values that it cannot work on: a field of nil, a comparison of text with a number. */
export class EvaluationFailure {
  readonly message: string;

  /** No `Error`: collecting a stack takes longer than evaluating a filter, and a filter that fails is an everyday thing. */
  constructor(message: string) {
    this.message = message;
  }
}

/** An expression, ready to run. */
export interface CompiledExpression {
  readonly evaluate: Evaluate;
  /** Whether a number that comes out is an integer in Go, and not a float. */
  readonly whole: boolean;
  /** What it was compiled from. */
  readonly syntax: Expression;
}

/** Compiles `text`; never throws. Constant parts are evaluated now. */
export function compileExpression(text: string, vocabulary: Vocabulary): CompiledExpression | SyntaxProblem {
  const parsed = parseExpression(text);
  return 'problem' in parsed ? parsed : compileSyntax(parsed.expression, vocabulary);
}

/** Compiles a syntax tree; never throws. */
export function compileSyntax(syntax: Expression, vocabulary: Vocabulary): CompiledExpression | SyntaxProblem {
  try {
    const { evaluate, whole = false } = new Compiler(vocabulary).compile(syntax, rootFrame);
    return { evaluate, whole, syntax };
  } catch (error) {
    if (error instanceof Uncompilable) return { at: error.at, problem: error.message };
    if (error instanceof EvaluationFailure) return { at: syntax.at, problem: error.message };
    throw error;
  }
}

class Uncompilable extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** A compiled node; `constant` when its value is known. */
interface Compiled {
  readonly evaluate: Evaluate;
  readonly whole?: boolean;
  readonly constant?: { readonly value: unknown };
}

/** Names bound by `let`, and whether `#` has a meaning here. */
interface Frame {
  readonly names: readonly string[];
  readonly inPredicate: boolean;
}
const rootFrame: Frame = { names: [], inPredicate: false };

/** Where the element of the innermost predicate is kept in a scope. */
const elementKey = '#';

const constant = (value: unknown, whole = false): Compiled => ({ evaluate: () => value, constant: { value }, whole });

class Compiler {
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  compile(node: Expression, frame: Frame): Compiled {
    switch (node.kind) {
      case 'literal':
        return constant(node.value, Number.isInteger(node.value));
      case 'name':
        return this.#name(node.name, node.at, frame);
      case 'element':
        if (!frame.inPredicate) throw new Uncompilable(node.at, '# outside a predicate');
        return { evaluate: (scope) => scope[elementKey] };
      case 'member':
        return this.#member(node, frame);
      case 'slice':
        return this.#slice(node, frame);
      case 'call':
        return this.#call(node, frame);
      case 'unary':
        return this.#unary(node, frame);
      case 'binary':
        return this.#binary(node, frame);
      case 'conditional': {
        const test = this.compile(node.test, frame).evaluate;
        const { evaluate: then, whole = false } = this.compile(node.yes, frame);
        const otherwise = this.compile(node.no, frame);
        const { evaluate } = otherwise;
        return {
          evaluate: (scope) => (truth(test(scope)) ? then(scope) : evaluate(scope)),
          whole: whole || otherwise.whole === true,
        };
      }
      case 'array': {
        const items = node.items.map((item) => this.compile(item, frame));
        if (items.every((item) => item.constant)) return constant(items.map((item) => item.constant!.value));
        return { evaluate: (scope) => items.map((item) => item.evaluate(scope)) };
      }
      case 'map': {
        const entries = node.entries.map(([key, value]) => [key, this.compile(value, frame).evaluate] as const);
        return { evaluate: (scope) => new Map(entries.map(([key, value]) => [key, value(scope)])) };
      }
      case 'predicate':
        throw new Uncompilable(
          node.at,
          'a predicate { … } belongs inside any, all, none, one, count, filter, map or find',
        );
      case 'let': {
        const value = this.compile(node.value, frame).evaluate;
        const { name } = node;
        const body = this.compile(node.body, { ...frame, names: [...frame.names, name] }).evaluate;
        return { evaluate: (scope) => body({ ...scope, [name]: value(scope) }) };
      }
    }
  }

  #name(name: string, at: number, frame: Frame): Compiled {
    if (frame.names.includes(name)) return { evaluate: (scope) => scope[name] };
    if (this.#vocabulary.variables.has(name))
      return { evaluate: this.#vocabulary.reader?.([name]) ?? ((scope) => scope[name]) };
    const known = [...this.#vocabulary.variables].join(', ');
    throw new Uncompilable(at, `unknown name ${JSON.stringify(name)}; known are ${known}`);
  }

  #member(node: Expression & { kind: 'member' }, frame: Frame): Compiled {
    const fields = node.object.kind === 'name' ? this.#vocabulary.fields.get(node.object.name) : undefined;
    if (
      fields !== undefined &&
      node.object.kind === 'name' &&
      !(node.property.kind === 'literal' && fields.has(String(node.property.value)))
    ) {
      const field = node.property.kind === 'literal' ? String(node.property.value) : '[…]';
      throw new Uncompilable(
        node.at,
        `${node.object.name}.${field} is not supported; known are ${[...fields].join(', ')}`,
      );
    }
    const path = pathOf(node, frame);
    const isKnown = path !== undefined && this.#vocabulary.variables.has(path[0]!);
    const reader = isKnown ? this.#vocabulary.reader?.(path) : undefined;
    if (reader !== undefined) return { evaluate: reader };
    const object = this.compile(node.object, frame);
    const property = this.compile(node.property, frame);
    const read = object.evaluate;
    const { optional } = node;
    if (property.constant) {
      const { value: constantKey } = property.constant;
      const key = typeof constantKey === 'string' ? internedName(constantKey) : constantKey;
      return {
        evaluate: (scope) => {
          const value = read(scope);
          return value instanceof StringMap ? (value.get(key as string) ?? '') : member(value, key, optional);
        },
      };
    }
    const readKey = property.evaluate;
    return { evaluate: (scope) => member(read(scope), readKey(scope), optional) };
  }

  #slice(node: Expression & { kind: 'slice' }, frame: Frame): Compiled {
    const object = this.compile(node.object, frame).evaluate;
    const from = node.from ? this.compile(node.from, frame).evaluate : () => undefined;
    const to = node.to ? this.compile(node.to, frame).evaluate : () => undefined;
    return {
      evaluate: (scope) => {
        const value = object(scope);
        if (typeof value !== 'string' && !Array.isArray(value))
          throw new EvaluationFailure('a slice of what is neither text nor a list');
        return value.slice(from(scope) as number | undefined, to(scope) as number | undefined);
      },
    };
  }

  #call(node: Expression & { kind: 'call' }, frame: Frame): Compiled {
    const { callee } = node;
    if (callee.kind === 'name') {
      const quantifier = quantifiers[callee.name];
      if (quantifier !== undefined && Object.hasOwn(quantifiers, callee.name))
        return this.#quantify(node, quantifier, frame);
      const host = this.#vocabulary.functions.get(callee.name);
      if (host === undefined) throw new Uncompilable(node.at, `unknown function ${callee.name}`);
      return this.#invoke(callee.name, host, node.arguments, node.at, frame);
    }
    if (callee.kind === 'member' && callee.property.kind === 'literal') {
      const method = this.#vocabulary.methods.get(String(callee.property.value));
      if (method === undefined) throw new Uncompilable(callee.at, `unknown method ${callee.property.value}`);
      return this.#invoke(String(callee.property.value), method, [callee.object, ...node.arguments], node.at, frame);
    }
    throw new Uncompilable(node.at, 'only functions and methods can be called');
  }

  #invoke(name: string, host: HostFunction, nodes: readonly Expression[], at: number, frame: Frame): Compiled {
    const [minimum, maximum] = host.arity;
    if (nodes.length < minimum || nodes.length > maximum) {
      throw new Uncompilable(
        at,
        `${name} takes ${minimum === maximum ? minimum : `${minimum} to ${maximum}`} arguments, not ${nodes.length}`,
      );
    }
    const values = nodes.map((node) => this.compile(node, frame));
    const { call, whole = false } = host;
    const refusal = host.refuse?.(values.map((value) => value.constant?.value));
    if (refusal !== undefined) throw new Uncompilable(at, refusal);
    if (host.pure && values.every((value) => value.constant)) {
      return constant(call({}, ...values.map((value) => value.constant!.value)), whole);
    }
    const [first, second] = values.map((value) => value.evaluate);
    if (values.length === 1) return { evaluate: (scope) => call(scope, first!(scope)), whole };
    if (values.length === 2) return { evaluate: (scope) => call(scope, first!(scope), second!(scope)), whole };
    return { evaluate: (scope) => call(scope, ...values.map((value) => value.evaluate(scope))), whole };
  }

  /** `any(list, {predicate})` and its kin. */
  #quantify(node: Expression & { kind: 'call' }, quantifier: Quantifier, frame: Frame): Compiled {
    const [listNode, predicateNode] = node.arguments;
    if (listNode === undefined || predicateNode === undefined || node.arguments.length !== 2) {
      throw new Uncompilable(node.at, 'expected a list and a predicate');
    }
    const list = this.compile(listNode, frame).evaluate;
    const body = predicateNode.kind === 'predicate' ? predicateNode.body : predicateNode;
    const predicate = this.compile(body, { ...frame, inPredicate: true }).evaluate;
    return {
      whole: callee(node) === 'count',
      evaluate: (scope) => {
        const value = list(scope);
        const items = Array.isArray(value) ? value : isMap(value) ? [...value.values()] : undefined;
        if (items === undefined) throw new EvaluationFailure('expected a list');
        const inner: Record<string, unknown> = { ...scope };
        return quantifier(items, (item) => {
          inner[elementKey] = item;
          return predicate(inner);
        });
      },
    };
  }

  #unary(node: Expression & { kind: 'unary' }, frame: Frame): Compiled {
    const operand = this.compile(node.operand, frame);
    const apply: (value: unknown) => unknown =
      node.operator === '!' ? (value) => !truth(value) : node.operator === '-' ? (value) => -numeric(value) : numeric;
    const { evaluate, whole = false } = operand;
    if (operand.constant) return constant(apply(operand.constant.value), whole);
    return { evaluate: (scope) => apply(evaluate(scope)), whole };
  }

  #binary(node: Expression & { kind: 'binary' }, frame: Frame): Compiled {
    const left = this.compile(node.left, frame);
    const right = this.compile(node.right, frame);
    const [readLeft, readRight] = [left.evaluate, right.evaluate];
    switch (node.operator) {
      case '&&':
        return { evaluate: (scope) => truth(readLeft(scope)) && truth(readRight(scope)) };
      case '||':
        return { evaluate: (scope) => truth(readLeft(scope)) || truth(readRight(scope)) };
      case '??':
        return { evaluate: (scope) => tolerant(readLeft, scope) ?? readRight(scope) };
      case 'matches':
      case 'not matches':
        return this.#matches(node.operator === 'matches', readLeft, right, node.right.at);
      case 'in':
      case 'not in':
        return membership(node.operator === 'in', readLeft, right);
      default: {
        const apply = binary[node.operator as keyof typeof binary];
        const whole = left.whole === true && right.whole === true && node.operator !== '/' && node.operator !== '**';
        if (left.constant && right.constant) return constant(apply(left.constant.value, right.constant.value), whole);
        if (right.constant) {
          const { value } = right.constant;
          // Of a text nothing is equal but the same text.
          if (node.operator === '==' && typeof value === 'string')
            return { evaluate: (scope) => readLeft(scope) === value };
          if (node.operator === '!=' && typeof value === 'string')
            return { evaluate: (scope) => readLeft(scope) !== value };
          return { evaluate: (scope) => apply(readLeft(scope), value), whole };
        }
        return { evaluate: (scope) => apply(readLeft(scope), readRight(scope)), whole };
      }
    }
  }

  #matches(expected: boolean, read: Evaluate, right: Compiled, at: number): Compiled {
    if (typeof right.constant?.value !== 'string')
      throw new Uncompilable(at, 'the pattern of matches must be constant text');
    const pattern = this.#vocabulary.pattern(right.constant.value);
    if ('problem' in pattern)
      throw new Uncompilable(at, `the pattern ${JSON.stringify(right.constant.value)}: ${pattern.problem}`);
    return { evaluate: (scope) => pattern.test(text(read(scope))) === expected };
  }
}

/** The names from a variable to a member, where all of them are constant. */
function pathOf(node: Expression, frame: Frame): readonly string[] | undefined {
  if (node.kind === 'name') return frame.names.includes(node.name) ? undefined : [node.name];
  if (node.kind !== 'member' || node.property.kind !== 'literal' || typeof node.property.value !== 'string')
    return undefined;
  const object = pathOf(node.object, frame);
  return object === undefined ? undefined : [...object, node.property.value];
}

function callee(node: Expression & { kind: 'call' }): string {
  return node.callee.kind === 'name' ? node.callee.name : '';
}

/** `in` a constant list of texts is one look-up in a set. */
function membership(expected: boolean, read: Evaluate, right: Compiled): Compiled {
  const list = right.constant?.value;
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) {
    const members = new Set<unknown>(list);
    return { evaluate: (scope) => members.has(read(scope)) === expected };
  }
  const readRight = right.evaluate;
  return { evaluate: (scope) => contains(readRight(scope), read(scope)) === expected };
}

function contains(collection: unknown, value: unknown): boolean {
  if (Array.isArray(collection)) return collection.some((item) => equal(item, value));
  if (isMap(collection)) return collection.has(value as string);
  if (collection === null || collection === undefined) return false;
  if (typeof collection === 'object') return Object.hasOwn(collection, text(value));
  throw new EvaluationFailure('the right side of in is no collection');
}

/** Go's rules: a missing key of a string map is "", a missing key of other maps is nil, a field of nil is an error. */
function member(object: unknown, key: unknown, optional: boolean): unknown {
  if (isMap(object)) return object.get(key as string) ?? '';
  if (object === null || object === undefined) {
    if (optional) return null;
    throw new EvaluationFailure(`cannot read ${String(key)} of nil`);
  }
  if (Array.isArray(object)) return object[index(key, object.length)];
  if (typeof object === 'string') return object[index(key, object.length)];
  if (typeof object === 'object') {
    if (Object.hasOwn(object, key as string)) return (object as Record<string, unknown>)[key as string];
    return madeField in object ? (object as MadeFields)[madeField](key) : null;
  }
  throw new EvaluationFailure(`cannot read ${String(key)} of ${typeof object}`);
}

function index(key: unknown, length: number): number {
  const position = numeric(key) < 0 ? numeric(key) + length : numeric(key);
  if (!Number.isInteger(position) || position < 0 || position >= length)
    throw new EvaluationFailure(`index ${String(key)} is out of range`);
  return position;
}

/** The left side of `??`: a field of nil is nil there. */
function tolerant(read: Evaluate, scope: Scope): unknown {
  try {
    return read(scope);
  } catch (error) {
    if (error instanceof EvaluationFailure) return null;
    throw error;
  }
}

function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new EvaluationFailure(`expected true or false, found ${kind(value)}`);
}

function numeric(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new EvaluationFailure(`expected a number, found ${kind(value)}`);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new EvaluationFailure(`expected text, found ${kind(value)}`);
}

function kind(value: unknown): string {
  return value === null || value === undefined
    ? 'nil'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'a map'
        : typeof value;
}

function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (left === null || left === undefined) return right === null || right === undefined;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, at) => equal(item, right[at]));
  return left instanceof Date && right instanceof Date && left.getTime() === right.getTime();
}

function order(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  throw new EvaluationFailure(`cannot compare ${kind(left)} with ${kind(right)}`);
}

function add(left: unknown, right: unknown): unknown {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  return numeric(left) + numeric(right);
}

/** Longest list that `from..to` may make. */
const maximumRange = 10_000;

function range(from: unknown, to: unknown): number[] {
  const length = numeric(to) - numeric(from) + 1;
  if (length > maximumRange) throw new EvaluationFailure(`a range of ${length} numbers; at most ${maximumRange}`);
  return Array.from({ length: Math.max(0, length) }, (_, at) => numeric(from) + at);
}

type Simple = Exclude<BinaryOperator, '&&' | '||' | '??' | 'in' | 'not in' | 'matches' | 'not matches' | '|'>;
const binary: Readonly<Record<Simple, (left: unknown, right: unknown) => unknown>> = {
  '==': equal,
  '!=': (left, right) => !equal(left, right),
  '<': (left, right) => order(left, right) < 0,
  '>': (left, right) => order(left, right) > 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>=': (left, right) => order(left, right) >= 0,
  contains: (left, right) => text(left).includes(text(right)),
  'not contains': (left, right) => !text(left).includes(text(right)),
  startsWith: (left, right) => text(left).startsWith(text(right)),
  'not startsWith': (left, right) => !text(left).startsWith(text(right)),
  endsWith: (left, right) => text(left).endsWith(text(right)),
  'not endsWith': (left, right) => !text(left).endsWith(text(right)),
  '..': range,
  '+': add,
  '-': (left, right) => numeric(left) - numeric(right),
  '*': (left, right) => numeric(left) * numeric(right),
  '/': (left, right) => numeric(left) / numeric(right),
  '%': (left, right) => numeric(left) % numeric(right),
  '**': (left, right) => numeric(left) ** numeric(right),
};

type Quantifier = (items: readonly unknown[], test: (item: unknown) => unknown) => unknown;
const quantifiers: Readonly<Record<string, Quantifier>> = {
  any: (items, test) => items.some((item) => truth(test(item))),
  all: (items, test) => items.every((item) => truth(test(item))),
  none: (items, test) => !items.some((item) => truth(test(item))),
  one: (items, test) => items.filter((item) => truth(test(item))).length === 1,
  count: (items, test) => items.filter((item) => truth(test(item))).length,
  filter: (items, test) => items.filter((item) => truth(test(item))),
  find: (items, test) => items.find((item) => truth(test(item))) ?? null,
  map: (items, test) => items.map((item) => test(item)),
};
