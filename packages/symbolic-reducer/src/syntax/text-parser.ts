// Text into expressions, with positions in errors and no recursion: brackets are frames on a stack of our own, and what was read is on
// another: a frame's arguments, then the terms of its sum, then the factors of its product (operator precedence; Floyd 1963). O(length),
// 100,000 brackets deep.
//
//   sum = product { ("+" | "-") product }          product = power { ("*" | "/" | nothing, after a number) power }
//   power = { "-" | "+" } operand [ "^" power ]    operand = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
//
// So -x^2 is -(x^2), 2^-3 is allowed, a^b^c is a^(b^c), 2x is 2*x and 1/2x is (1/2)*x. `**` is `^`. `pi` and `e` are the constants.
// A name in back quotes is a symbol whatever it is: `pi`, `a b`.

import { TenstripError } from '@tenstrip/shared-core';
import { Budget, type BudgetLimits, keepShape } from '../budget/index.js';
import { invalidOption, reducerError } from '../errors/index.js';
import { ExpressionStore, type ExprId, requireStore } from '../expression/index.js';
import { rational } from '../numbers/index.js';
import { callByName, isFunctionName } from './names.js';

/** Characters that a text may have. */
const maxTextLength = 1 << 24;

/** What is being read between two brackets. Used again for the next brackets at its depth. */
class Frame {
  /** The function that the bracket belongs to; `undefined`: brackets alone, or the whole. */
  call: string | undefined = undefined;
  /** Where it opened. */
  openedAt = 0;
  /** Where its arguments, the terms of its sum and the factors of its product begin on the stack of values; to its top are the factors. */
  argumentsAt = 0;
  termsAt = 0;
  factorsAt = 0;
  /** Where its chain of powers begins on the stack of powers. */
  powersAt = 0;
  /** The sign of the product that is being read. */
  negative = false;
  /** Whether the power that is being read divides. */
  divides = false;
  /** Where the division sign stands. */
  dividedAt = 0;
  /** The operand that was read last, whether a sign belongs to it, and where it stands. */
  value = 0 as ExprId;
  negated = false;
  position = 0;
  /** Signs before the operand that is expected. */
  signs = 0;

  open(call: string | undefined, position: number, values: number, powers: number): void {
    this.call = call;
    this.openedAt = position;
    this.argumentsAt = values;
    this.termsAt = values;
    this.factorsAt = values;
    this.powersAt = powers;
    this.negative = false;
    this.divides = false;
    this.dividedAt = position;
    this.value = 0 as ExprId;
    this.negated = false;
    this.position = position;
    this.signs = 0;
  }
}

/** An operand with a sign for it, below a power. */
interface RaisedOperand {
  readonly value: ExprId;
  readonly negated: boolean;
  readonly position: number;
}

/**
 * Reads an expression.
 *
 * @param limits what stops it: the operation that it is part of, and steps; the size of what it makes is the store's to limit
 * @returns the expression, canonical
 * @throws TenstripError `ParseError` with `details.position` from 0; `DomainError` (with the position) for what has no value anywhere;
 *   `UnknownFunction`; `BudgetExceeded` for numbers beyond the store's `maxBits`; what the operation throws when it was stopped
 */
export function parseText(store: ExpressionStore, text: string, limits?: BudgetLimits): ExprId {
  requireStore(store);
  if (typeof text !== 'string') throw invalidOption('text', text, 'a text');
  if (text.length > maxTextLength) {
    const message = `the text has ${text.length} characters; ${maxTextLength} are allowed`;
    throw reducerError('BudgetExceeded', message, {
      limit: 'maxTextLength',
      allowed: maxTextLength,
      needed: text.length,
    });
  }
  if (limits === undefined) return new Reader(store, text, undefined).read();
  const budget = new Budget(limits);
  const reader = new Reader(store, text, budget);
  return store.watching(
    () => budget.turn(),
    () => reader.read(),
  );
}

class Reader {
  readonly #store: ExpressionStore;
  readonly #text: string;
  readonly #budget: Budget | undefined;
  readonly #frames: Frame[] = [];
  #depth = 0;
  #frame: Frame;
  /** The first {@link #top} are in use. */
  readonly #values: ExprId[] = [];
  #top = 0;
  /** Of chains of powers, all operands but the last. */
  readonly #powers: RaisedOperand[] = [];
  #at = 0;
  /** Whether an operand is wanted, or what may follow one. */
  #wantsOperand = true;

  constructor(store: ExpressionStore, text: string, budget: Budget | undefined) {
    this.#store = store;
    this.#text = text;
    this.#budget = budget;
    this.#frame = new Frame();
    this.#frames.push(this.#frame);
  }

  read(): ExprId {
    const { length } = this.#text;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= length) break;
      this.#budget?.step();
      if (this.#wantsOperand) this.#readOperand();
      else this.#readOperator();
    }
    if (this.#wantsOperand) throw this.#error('an operand is missing here');
    if (this.#depth > 0) throw this.#error('a closing bracket is missing here', length);
    return this.#closeSum();
  }

  #skipSpace(): void {
    const text = this.#text;
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at);
      if (code !== 32 && (code < 9 || code > 13) && code !== 0xa0) return;
    }
  }

  /** The code at a place; one that no text begins with behind its end. */
  #codeAt(at: number): number {
    return at < this.#text.length ? this.#text.charCodeAt(at) : 0;
  }

  #readOperand(): void {
    const code = this.#codeAt(this.#at);
    if (code === 0x2b || code === 0x2d || code === 0x2212) {
      this.#at++;
      if (code !== 0x2b) this.#frame.signs++;
    } else if (code === 0x28) this.#open(undefined);
    else if (isDigit(code) || (code === 0x2e && isDigit(this.#codeAt(this.#at + 1)))) this.#readNumber();
    else if (code === 0x60) this.#readQuotedName();
    else this.#readName();
  }

  /** Digits, a broken part, an exponent: all exact. */
  #readNumber(): void {
    const start = this.#at;
    if (!this.#readSmallNumber()) this.#readAnyNumber(start);
    // 2x and 2(x+1) are products
    const next = this.#codeAt(this.#at);
    if (next === 0x28 || this.#nameEnd() > this.#at) this.#times(false);
  }

  /** Up to 15 digits alone, which most numbers are. */
  #readSmallNumber(): boolean {
    let value = 0;
    let at = this.#at;
    let code = this.#codeAt(at);
    for (; isDigit(code); code = this.#codeAt(++at)) value = 10 * value + (code - 0x30);
    if (
      at === this.#at ||
      at - this.#at > 15 ||
      code === 0x2e ||
      (code | 0x20) === 0x65 ||
      (at - this.#at) * 3.33 > this.#store.maxBits
    )
      return false;
    this.#operand(this.#store.number(value), this.#at);
    this.#at = at;
    return true;
  }

  #readAnyNumber(start: number): void {
    numberPattern.lastIndex = this.#at;
    const [text, whole = '', broken = '', exponent = '0'] = numberPattern.exec(this.#text)!;
    const digits = whole.length + broken.length;
    const scale = exponent.length > 9 ? Number.POSITIVE_INFINITY : Math.abs(Number(exponent));
    if ((digits + scale) * 3.33 > this.#store.maxBits + 4) {
      const message = `the number at ${start} needs more than ${this.#store.maxBits} bits; raise maxBits`;
      throw reducerError('BudgetExceeded', message, {
        limit: 'maxBits',
        allowed: this.#store.maxBits,
        position: start,
      });
    }
    const value = BigInt(whole + broken);
    const power = Number(exponent) - broken.length;
    this.#at += text.length;
    const number = power >= 0 ? rational(value * 10n ** BigInt(power)) : rational(value, 10n ** BigInt(-power));
    this.#operand(this.#store.number(number), start);
  }

  /** Where a name that begins here ends; here when none does. */
  #nameEnd(): number {
    let at = this.#at;
    let code = this.#codeAt(at);
    if (code < 0x80 && !isLetter(code)) return at;
    while (isLetter(code) || isDigit(code)) code = this.#codeAt(++at);
    if (code < 0x80) return at;
    namePattern.lastIndex = this.#at;
    return namePattern.test(this.#text) ? namePattern.lastIndex : this.#at;
  }

  #readName(): void {
    const end = this.#nameEnd();
    if (end === this.#at) {
      if (this.#text.startsWith(')', this.#at) || this.#text.startsWith(',', this.#at))
        throw this.#error('an operand is missing here');
      throw this.#error(`"${this.#character()}" cannot stand here`);
    }
    const start = this.#at;
    const name = this.#text.slice(start, end);
    this.#at = end;
    const isFunction = isFunctionName(name);
    this.#skipSpace();
    if (this.#codeAt(this.#at) === 0x28) {
      if (!isFunction) {
        const message = `no function is called "${name}" (at ${start}); a product is written ${name}*(…)`;
        throw reducerError('UnknownFunction', message, { name, position: start });
      }
      this.#open(name);
      return;
    }
    if (isFunction) throw this.#error(`the function ${name} needs its argument in brackets`, start);
    const value =
      name === 'pi' || name === 'π' ? this.#store.pi : name === 'e' ? this.#euler() : this.#store.internSymbol(name);
    this.#operand(value, start);
  }

  /** Any text between back quotes is a name; a back quote in it is written twice. */
  #readQuotedName(): void {
    quotedPattern.lastIndex = this.#at;
    const match = quotedPattern.exec(this.#text);
    if (match === null) throw this.#error('a quoted name ends with a back quote, and is not empty');
    this.#operand(this.#store.symbol(match[1]!.replaceAll('``', '`')), this.#at);
    this.#at += match[0].length;
  }

  #euler(): ExprId {
    return this.#store.call('exp', [this.#store.one]);
  }

  #open(call: string | undefined): void {
    this.#depth++;
    if (this.#depth === this.#frames.length) this.#frames.push(new Frame());
    this.#frame = this.#frames[this.#depth]!;
    this.#frame.open(call, this.#at, this.#top, this.#powers.length);
    this.#at++;
  }

  #operand(value: ExprId, position: number): void {
    const frame = this.#frame;
    // A sign before a product is that of the whole product: -(x + y)*z is not (-x - y)*z.
    const isLeading = this.#top === frame.factorsAt && this.#powers.length === frame.powersAt;
    const isSigned = frame.signs % 2 === 1;
    if (isLeading && isSigned) frame.negative = !frame.negative;
    frame.value = value;
    frame.negated = !isLeading && isSigned;
    frame.position = position;
    frame.signs = 0;
    this.#wantsOperand = false;
  }

  #readOperator(): void {
    switch (this.#codeAt(this.#at)) {
      case 0x2b:
        this.#closeProduct();
        break;
      case 0x2d:
      case 0x2212:
        this.#closeProduct();
        this.#frame.negative = true;
        break;
      case 0x2a:
        if (this.#codeAt(this.#at + 1) === 0x2a) {
          this.#at++;
          this.#raise();
        } else this.#times(false);
        break;
      // · and ×
      case 0xb7:
      case 0xd7:
        this.#times(false);
        break;
      // / and ÷
      case 0x2f:
      case 0xf7:
        this.#times(true);
        break;
      case 0x5e:
        this.#raise();
        break;
      case 0x2c:
        this.#comma();
        break;
      case 0x29:
        this.#close();
        return;
      default:
        throw this.#error(`"${this.#character()}" cannot follow an operand`);
    }
    this.#at++;
    this.#wantsOperand = true;
  }

  #raise(): void {
    const { value, negated, position } = this.#frame;
    this.#powers.push({ value, negated, position });
  }

  #times(divides: boolean): void {
    this.#closePower();
    this.#frame.divides = divides;
    this.#frame.dividedAt = this.#at;
    this.#wantsOperand = true;
  }

  #comma(): void {
    if (this.#frame.call === undefined) throw this.#error('a comma can stand only between the arguments of a function');
    this.#push(this.#closeSum());
    this.#frame.termsAt = this.#top;
    this.#frame.factorsAt = this.#top;
  }

  #push(value: ExprId): void {
    this.#values[this.#top++] = value;
  }

  #close(): void {
    if (this.#depth === 0) throw this.#error('this bracket closes nothing');
    const { call, openedAt, argumentsAt } = this.#frame;
    const inside = this.#closeSum();
    const operands = call === undefined ? undefined : [...this.#values.slice(argumentsAt, this.#top), inside];
    this.#top = argumentsAt;
    this.#frame = this.#frames[--this.#depth]!;
    this.#at++;
    this.#operand(operands === undefined ? inside : this.#call(call!, operands, openedAt), openedAt);
  }

  /** The chain of powers is folded from the right; a sign belongs to all that follows it in the chain. */
  #closePower(): void {
    const frame = this.#frame;
    let { value } = frame;
    if (frame.negated) value = this.#store.negate(value);
    while (this.#powers.length > frame.powersAt) {
      const { value: base, negated, position } = this.#powers.pop()!;
      value = this.#power(base, value, position);
      if (negated) value = this.#store.negate(value);
    }
    if (frame.divides) value = this.#power(value, this.#store.minusOne, frame.dividedAt);
    frame.divides = false;
    this.#push(value);
  }

  #closeProduct(): void {
    this.#closePower();
    const frame = this.#frame;
    const product = this.#store.productOf(this.#values, frame.factorsAt, this.#top);
    this.#top = frame.factorsAt;
    this.#push(frame.negative ? this.#store.negate(product) : product);
    frame.factorsAt = this.#top;
    frame.negative = false;
  }

  #closeSum(): ExprId {
    this.#closeProduct();
    const { termsAt } = this.#frame;
    const sum = this.#store.sumOf(this.#values, termsAt, this.#top);
    this.#top = termsAt;
    return sum;
  }

  #power(base: ExprId, exponent: ExprId, position: number): ExprId {
    try {
      return this.#store.power(base, exponent);
    } catch (error) {
      throw placed(error, position);
    }
  }

  #call(name: string, operands: readonly ExprId[], position: number): ExprId {
    try {
      return callByName(this.#store, name, operands);
    } catch (error) {
      throw placed(error, position);
    }
  }

  #character(): string {
    return String.fromCodePoint(this.#text.codePointAt(this.#at)!);
  }

  #error(problem: string, position = this.#at) {
    const message = `${problem} (at ${position}${position < 60 ? ` of "${this.#text.slice(0, 60)}"` : ''})`;
    return reducerError('ParseError', message, { position });
  }
}

/** Adds the position to what a builder says. */
function placed(error: unknown, position: number): unknown {
  if (!(error instanceof TenstripError) || error.details.position !== undefined) return error;
  return new TenstripError(error.code, `${error.message} (at ${position})`, {
    details: { ...error.details, position },
    cause: error,
  });
}

/** Of ASCII, with the underscore. */
function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const numberPattern = /(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+)(?![\p{L}\d_]))?/uy;
const namePattern = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;

const quotedPattern = /`((?:[^`]|``)+)`/y;

function isName(text: string): boolean {
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isLetter(code) && (at === 0 || !isDigit(code))) break;
  }
  if (at === text.length) return at > 0;
  namePattern.lastIndex = 0;
  return namePattern.test(text) && namePattern.lastIndex === text.length;
}

/** Whether a text is a name that {@link parseText} reads as a symbol. */
export function isSymbolText(text: string): boolean {
  return isName(text) && text !== 'pi' && text !== 'π' && text !== 'e' && !isFunctionName(text);
}

keepShape(new Reader(new ExpressionStore(), '', undefined));
