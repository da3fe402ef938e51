// Datatypes of literals: which texts are well-formed, and when two of them are the same value (XML Schema 1.1 part 2; RDF 1.1
// Semantics, 7). A recognised literal is replaced by one text for its value, so that equal values are one term.

import { latticeError } from '../errors/index.js';
import { isLiteralText, namespaces } from './rdf-terms.js';

const { rdf, xsd } = namespaces;

/** The value of a literal: in which space it is, and one text for it. */
interface LiteralValue {
  readonly space: 'string' | 'language' | 'boolean' | 'decimal' | 'double' | 'float';
  readonly text: string;
  /** For the integers among the decimals. */
  readonly integer?: bigint;
}

interface Datatype {
  /** The value of a well-formed text; `undefined` for any other. */
  read(text: string): LiteralValue | undefined;
  /** Whether a value is one of the datatype's. */
  has(value: LiteralValue): boolean;
}

const integerRanges: Readonly<Record<string, readonly [bigint | undefined, bigint | undefined]>> = {
  integer: [undefined, undefined],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  short: [-32768n, 32767n],
  byte: [-128n, 127n],
  nonNegativeInteger: [0n, undefined],
  positiveInteger: [1n, undefined],
  nonPositiveInteger: [undefined, 0n],
  negativeInteger: [undefined, -1n],
  unsignedLong: [0n, 2n ** 64n - 1n],
  unsignedInt: [0n, 2n ** 32n - 1n],
  unsignedShort: [0n, 65535n],
  unsignedByte: [0n, 255n],
};

const datatypes = new Map<string, Datatype>([
  [`${xsd}string`, { read: (text) => ({ space: 'string', text }), has: ({ space }) => space === 'string' }],
  [`${rdf}langString`, { read: () => undefined, has: ({ space }) => space === 'language' }],
  [`${xsd}boolean`, { read: readBoolean, has: ({ space }) => space === 'boolean' }],
  [`${xsd}decimal`, { read: readDecimal, has: ({ space }) => space === 'decimal' }],
  [`${xsd}double`, { read: (text) => readFloating(text, 'double'), has: ({ space }) => space === 'double' }],
  [`${xsd}float`, { read: (text) => readFloating(text, 'float'), has: ({ space }) => space === 'float' }],
  ...Object.entries(integerRanges).map(([name, [least, most]]): [string, Datatype] => {
    const has = ({ integer }: LiteralValue) =>
      integer !== undefined && (least === undefined || integer >= least) && (most === undefined || integer <= most);
    return [`${xsd}${name}`, { read: (text) => readInteger(text, has), has }];
  }),
]);

/** What is known of a literal. */
export interface LiteralMeaning {
  /** The text that stands for its value. */
  readonly term: string;
  /** Its datatype when its text is none of that datatype's. */
  readonly illTyped?: string;
  /** Recognised datatypes that its value is in, and those that it is not in. */
  readonly types: readonly string[];
  readonly excluded: readonly string[];
}

/** The literals of some recognised datatypes. */
export class RecognisedDatatypes {
  readonly #recognised: ReadonlyMap<string, Datatype>;

  /** Strings are recognised with any other datatype: RDF 1.1 Semantics, 7. @throws TenstripError `OptionsInvalid` for a datatype whose values are not known here */
  constructor(iris: readonly string[]) {
    this.#recognised = new Map(
      (iris.length === 0 ? [] : [...new Set([...iris, `${xsd}string`, `${rdf}langString`])]).map((iri) => {
        const datatype = datatypes.get(iri);
        if (datatype !== undefined) return [iri, datatype];
        throw latticeError(
          'OptionsInvalid',
          `the values of datatype ${iri} are not known; give some of ${[...datatypes.keys()].join(', ')}`,
          {
            issues: [{ path: 'datatypes', value: iri }],
          },
        );
      }),
    );
  }

  /** The datatypes that are recognised. */
  get iris(): Iterable<string> {
    return this.#recognised.keys();
  }

  /** The meaning of a literal; `undefined` for a term that is none, or of a datatype that is not recognised. */
  meaning(term: string): LiteralMeaning | undefined {
    if (this.#recognised.size === 0 || !isLiteralText(term)) return undefined;
    const end = term.lastIndexOf('"');
    const text = term.slice(1, end);
    const suffix = term.slice(end + 1);
    const iri = suffix === '' ? `${xsd}string` : suffix.startsWith('@') ? `${rdf}langString` : suffix.slice(2);
    const datatype = this.#recognised.get(iri);
    if (datatype === undefined) return undefined;
    const value: LiteralValue | undefined = suffix.startsWith('@')
      ? { space: 'language', text: term }
      : datatype.read(text);
    if (value === undefined) return { term, illTyped: iri, types: [], excluded: [] };
    const all = [...this.#recognised];
    return {
      term: termOf(value),
      types: all.filter(([, { has }]) => has(value)).map(([each]) => each),
      excluded: all.filter(([, { has }]) => !has(value)).map(([each]) => each),
    };
  }
}

function termOf({ space, text, integer }: LiteralValue): string {
  if (space === 'language') return text;
  if (space === 'string') return `"${text}"`;
  return `"${text}"^^${xsd}${integer === undefined ? space : 'integer'}`;
}

function readBoolean(text: string): LiteralValue | undefined {
  const isTrue = text === 'true' || text === '1';
  return isTrue || text === 'false' || text === '0' ? { space: 'boolean', text: String(isTrue) } : undefined;
}

function readInteger(text: string, has: (value: LiteralValue) => boolean): LiteralValue | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const integer = BigInt(text.replace(/^\+/, ''));
  const value: LiteralValue = { space: 'decimal', text: String(integer), integer };
  return has(value) ? value : undefined;
}

function readDecimal(text: string): LiteralValue | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '', rest = ''] = parts;
  if (whole === '' && rest === '') return undefined;
  const fraction = rest.replace(/0+$/, '');
  const number = BigInt(whole || '0');
  const minus = sign === '-' ? '-' : '';
  if (fraction === '') {
    const integer = minus ? -number : number;
    return { space: 'decimal', text: String(integer), integer };
  }
  return { space: 'decimal', text: `${minus}${number}.${fraction}` };
}

function readFloating(text: string, space: 'double' | 'float'): LiteralValue | undefined {
  if (/^[+-]?INF$/.test(text)) return { space, text: text.startsWith('-') ? '-INF' : 'INF' };
  if (text === 'NaN') return { space, text };
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = space === 'float' ? Math.fround(Number(text)) : Number(text);
  if (!Number.isFinite(number)) return { space, text: number < 0 ? '-INF' : 'INF' };
  return { space, text: Object.is(number, -0) ? '-0.0E0' : number.toExponential().toUpperCase().replace('E+', 'E') };
}
