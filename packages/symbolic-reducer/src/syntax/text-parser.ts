// Text into expressions, with positions in errors and no recursion: brackets are frames on a stack of our own, and each frame holds the
// sum, the product and the chain of powers that are being read (operator precedence; Floyd 1963). O(length), 100,000 brackets deep.
//
//   sum = product { ("+" | "-") product }          product = power { ("*" | "/" | nothing, after a number) power }
//   power = { "-" | "+" } operand [ "^" power ]    operand = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
//
// So -x^2 is -(x^2), 2^-3 is allowed, a^b^c is a^(b^c), 2x is 2*x and 1/2x is (1/2)*x. `**` is `^`. `pi` and `e` are the constants.
// A name in back quotes is a symbol whatever it is: `pi`, `a b`.

import { TenstripError } from '@tenstrip/shared-core';
import { keepShape } from '../budget/index.js';
import { invalidOption, reducerError } from '../errors/index.js';
import { ExpressionStore, type ExprId, requireStore } from '../expression/index.js';
import { rational } from '../numbers/index.js';
import { callByName, isFunctionName } from './names.js';

/** Characters that a text may have. */
const maxTextLength = 1 << 24;

interface Frame {
  /** The function that the bracket belongs to; `undefined`: brackets alone, or the whole. */
  readonly call: string | undefined;
  /** Where it opened. */
  readonly openedAt: number;
  readonly operands: ExprId[];
  terms: ExprId[];
  /** The sign of the product that is being read. */
  negative: boolean;
  factors: ExprId[];
  /** Whether the power that is being read divides. */
  divides: boolean;
  /** Where the division sign stands. */
  dividedAt: number;
  /** The operand that was read last, whether a sign belongs to it, and where it stands. */
  value: ExprId;
  negated: boolean;
  position: number;
  /** Of a chain of powers, all operands but the last. */
  readonly powers: { readonly value: ExprId; readonly negated: boolean; readonly position: number }[];
  /** Signs before the operand that is expected. */
  signs: number;
}

/**
 * Reads an expression.
 *
 * @returns the expression, canonical
 * @throws TenstripError `ParseError` with `details.position` from 0; `DomainError` (with the position) for what has no value anywhere;
 *   `UnknownFunction`; `BudgetExceeded` for numbers beyond the store's `maxBits`
 */
export function parseText(store: ExpressionStore, text: string): ExprId {
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
  const reader = new Reader(store, text);
  return reader.read();
}

class Reader {
  readonly #store: ExpressionStore;
  readonly #text: string;
  readonly #frames: Frame[] = [];
  #frame: Frame;
  #at = 0;
  /** Whether an operand is wanted, or what may follow one. */
  #wantsOperand = true;

  constructor(store: ExpressionStore, text: string) {
    this.#store = store;
    this.#text = text;
    this.#frame = newFrame(undefined, 0);
  }

  read(): ExprId {
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length) break;
      if (this.#wantsOperand) this.#readOperand();
      else this.#readOperator();
    }
    if (this.#wantsOperand) throw this.#error('an operand is missing here');
    if (this.#frames.length > 0) throw this.#error('a closing bracket is missing here', this.#text.length);
    return this.#closeSum();
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 32 || (code >= 9 && code <= 13) || code === 0xa0) this.#at++;
      else return;
    }
  }

  #readOperand(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === 0x2b || code === 0x2d || code === 0x2212) {
      this.#at++;
      if (code !== 0x2b) this.#frame.signs++;
    } else if (code === 0x28) this.#open(undefined);
    else if (isDigit(code) || (code === 0x2e && isDigit(this.#text.charCodeAt(this.#at + 1)))) this.#readNumber();
    else if (code === 0x60) this.#readQuotedName();
    else this.#readName();
  }

  /** Digits, a broken part, an exponent: all exact. */
  #readNumber(): void {
    const start = this.#at;
    if (!this.#readSmallNumber()) this.#readAnyNumber(start);
    // 2x and 2(x+1) are products
    const next = this.#text.charCodeAt(this.#at);
    if (next === 0x28 || this.#nameEnd() > this.#at) this.#times(false);
  }

  /** Up to 15 digits alone, which most numbers are. */
  #readSmallNumber(): boolean {
    let value = 0;
    let at = this.#at;
    let code = this.#text.charCodeAt(at);
    for (; isDigit(code); code = this.#text.charCodeAt(++at)) value = 10 * value + (code - 0x30);
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
    let code = this.#text.charCodeAt(at);
    if (code < 0x80 && !isLetter(code)) return at;
    while (isLetter(code) || isDigit(code)) code = this.#text.charCodeAt(++at);
    if (!(code >= 0x80)) return at;
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
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) === 0x28) {
      if (!isFunctionName(name)) {
        const message = `no function is called "${name}" (at ${start}); a product is written ${name}*(…)`;
        throw reducerError('UnknownFunction', message, { name, position: start });
      }
      this.#open(name);
      return;
    }
    if (isFunctionName(name)) throw this.#error(`the function ${name} needs its argument in brackets`, start);
    const value =
      name === 'pi' || name === 'π' ? this.#store.pi : name === 'e' ? this.#euler() : this.#store.symbol(name);
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
    this.#frames.push(this.#frame);
    this.#frame = newFrame(call, this.#at);
    this.#at++;
  }

  #operand(value: ExprId, position: number): void {
    const frame = this.#frame;
    // A sign before a product is that of the whole product: -(x + y)*z is not (-x - y)*z.
    const isLeading = frame.factors.length === 0 && frame.powers.length === 0;
    const isSigned = frame.signs % 2 === 1;
    if (isLeading && isSigned) frame.negative = !frame.negative;
    frame.value = value;
    frame.negated = !isLeading && isSigned;
    frame.position = position;
    frame.signs = 0;
    this.#wantsOperand = false;
  }

  #readOperator(): void {
    const text = this.#text;
    switch (text[this.#at]) {
      case '+':
      case '-':
      case '−':
        this.#closeProduct();
        this.#frame.negative = text[this.#at] !== '+';
        break;
      case '*':
        if (text[this.#at + 1] === '*') {
          this.#at++;
          this.#raise();
        } else this.#times(false);
        break;
      case '·':
      case '×':
        this.#times(false);
        break;
      case '/':
      case '÷':
        this.#times(true);
        break;
      case '^':
        this.#raise();
        break;
      case ',':
        this.#comma();
        break;
      case ')':
        this.#close();
        return;
      default:
        throw this.#error(`"${this.#character()}" cannot follow an operand`);
    }
    this.#at++;
    this.#wantsOperand = true;
  }

  #raise(): void {
    const { value, negated, position, powers } = this.#frame;
    powers.push({ value, negated, position });
  }

  #times(divides: boolean): void {
    this.#closePower();
    this.#frame.divides = divides;
    this.#frame.dividedAt = this.#at;
    this.#wantsOperand = true;
  }

  #comma(): void {
    if (this.#frame.call === undefined) throw this.#error('a comma can stand only between the arguments of a function');
    this.#frame.operands.push(this.#closeSum());
  }

  #close(): void {
    if (this.#frames.length === 0) throw this.#error('this bracket closes nothing');
    const { call, openedAt: position, operands } = this.#frame;
    const inside = this.#closeSum();
    this.#frame = this.#frames.pop()!;
    this.#at++;
    if (call === undefined) this.#operand(inside, position);
    else
      this.#operand(
        this.#placed(position, () => callByName(this.#store, call, [...operands, inside])),
        position,
      );
  }

  /** The chain of powers is folded from the right; a sign belongs to all that follows it in the chain. */
  #closePower(): void {
    const { powers, negated: isNegated } = this.#frame;
    let { value } = this.#frame;
    if (isNegated) value = this.#store.negate(value);
    while (powers.length > 0) {
      const { value: base, negated, position } = powers.pop()!;
      const exponent = value;
      value = this.#placed(position, () => this.#store.power(base, exponent));
      if (negated) value = this.#store.negate(value);
    }
    if (this.#frame.divides) {
      const divisor = value;
      value = this.#placed(this.#frame.dividedAt, () => this.#store.power(divisor, this.#store.minusOne));
    }
    this.#frame.factors.push(value);
    this.#frame.divides = false;
  }

  #closeProduct(): void {
    this.#closePower();
    const frame = this.#frame;
    const product = this.#store.product(frame.factors);
    frame.terms.push(frame.negative ? this.#store.negate(product) : product);
    if (frame.factors.length === 1) frame.factors.pop();
    else frame.factors = [];
    frame.negative = false;
  }

  #closeSum(): ExprId {
    this.#closeProduct();
    const sum = this.#store.sum(this.#frame.terms);
    this.#frame.terms = [];
    return sum;
  }

  /** Adds the position to what a builder says. */
  #placed(position: number, build: () => ExprId): ExprId {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof TenstripError) || error.details.position !== undefined) throw error;
      throw new TenstripError(error.code, `${error.message} (at ${position})`, {
        details: { ...error.details, position },
        cause: error,
      });
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

function newFrame(call: string | undefined, position: number): Frame {
  return {
    call,
    openedAt: position,
    operands: [],
    terms: [],
    negative: false,
    factors: [],
    divides: false,
    dividedAt: position,
    value: 0 as ExprId,
    negated: false,
    position,
    powers: [],
    signs: 0,
  };
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
  while (isLetter(text.charCodeAt(at)) || (at > 0 && isDigit(text.charCodeAt(at)))) at++;
  if (at === text.length) return at > 0;
  namePattern.lastIndex = 0;
  return namePattern.test(text) && namePattern.lastIndex === text.length;
}

/** Whether a text is a name that {@link parseText} reads as a symbol. */
export function isSymbolText(text: string): boolean {
  return isName(text) && text !== 'pi' && text !== 'π' && text !== 'e' && !isFunctionName(text);
}

keepShape(new Reader(new ExpressionStore(), ''));
