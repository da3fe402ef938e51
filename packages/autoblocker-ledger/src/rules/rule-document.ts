// One YAML document of rules, read key by key with the line of each: what is not known is refused where it stands.

import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type YAMLMap,
} from 'yaml';
import { RefusedRule } from './rule-refusal.js';

/** A text of a document, and where it stands. */
export interface RuleText {
  readonly text: string;
  readonly line: number;
}

/** Of one file of rules. */
const maximumLength = 262_144;
const maximumDocuments = 200;
const maximumDepth = 32;
/**
 * Collections that are open at once, as the parser counts them. Composing them is recursive, and V8 ends the process where
 * a regular expression is compiled with no stack left.
 */
const maximumOpen = 500;

/** The documents of a file. Each is given to `read`; its problem, or the one that `read` throws, to `refuse`. */
export function readRuleDocuments(
  text: string,
  read: (document: RuleMapping) => void,
  refuse: (problem: RefusedRule) => void,
): void {
  if (text.length > maximumLength) {
    refuse(new RefusedRule(1, 'yaml', `a file of more than ${maximumLength} characters`));
    return;
  }
  const lines = new LineCounter();
  let documents: readonly Document.Parsed[];
  try {
    // No pretty errors, each of which copies what stands around it, and no look at each pair of keys: a hostile file has
    // one or the other for every few characters.
    const composer = new Composer({ logLevel: 'silent', prettyErrors: false, uniqueKeys: false });
    documents = [...composer.compose(boundedTokens(text, lines))];
  } catch (error) {
    if (!(error instanceof RefusedRule)) throw error;
    refuse(error);
    return;
  }
  if (documents.length > maximumDocuments) {
    refuse(new RefusedRule(1, 'yaml', `more than ${maximumDocuments} documents`));
    return;
  }
  const readMapping = (map: YAMLMap, document: Document) => {
    try {
      read(new RuleMapping(map, document, lines, 0));
    } catch (error) {
      if (!(error instanceof RefusedRule)) throw error;
      refuse(error);
    }
  };
  for (const document of documents) {
    const [problem] = document.errors;
    const contents = document.contents as Node | null;
    if (problem !== undefined) {
      refuse(new RefusedRule(lines.linePos(problem.pos[0]).line || 1, 'yaml', problem.message));
    } else if (isMap(contents)) readMapping(contents as YAMLMap, document);
    else if (contents !== null && !(isScalar(contents) && contents.value === null))
      refuse(new RefusedRule(1, 'yaml', 'a document that is no mapping'));
  }
}

/** The tokens of a text, in memory and time linear in it. @throws RefusedRule where it nests too deep to be composed */
function* boundedTokens(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > maximumOpen)
      throw new RefusedRule(lines.linePos(parser.offset).line, 'yaml', 'nested too deep');
  }
  yield* parser.end();
}

/** A mapping of a document. */
export class RuleMapping {
  readonly #map: YAMLMap;
  readonly #values = new Map<string, Node | undefined>();
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #depth: number;

  constructor(map: YAMLMap, document: Document, lines: LineCounter, depth: number) {
    if (depth > maximumDepth) throw new RefusedRule(1, 'yaml', `nested deeper than ${maximumDepth}`);
    this.#map = map;
    this.#document = document;
    this.#lines = lines;
    this.#depth = depth;
    for (const { key, value } of map.items) {
      const name = keyName(key);
      if (this.#values.has(name))
        throw new RefusedRule(this.#lineOf(key as Node), name, `the key ${name} stands here twice`);
      this.#values.set(name, (value as Node | null) ?? undefined);
    }
  }

  get line(): number {
    return this.#lineOf(this.#map);
  }

  /** Refuses every key that is not among `known`. */
  onlyKeys(known: ReadonlySet<string>): void {
    for (const { key } of this.#map.items) {
      const name = keyName(key);
      if (!known.has(name))
        throw new RefusedRule(this.#lineOf(key as Node), name, `the key ${name} is not supported here`);
    }
  }

  has(key: string): boolean {
    const node = this.#node(key);
    return node !== undefined && !(isScalar(node) && node.value === null);
  }

  /** A scalar as it is written; a number too. `undefined` when it is missing or null. */
  text(key: string): RuleText | undefined {
    const node = this.#node(key);
    return node === undefined ? undefined : this.#scalar(key, node);
  }

  requiredText(key: string): RuleText {
    const found = this.text(key);
    if (found === undefined) throw new RefusedRule(this.line, key, `${key} is missing`);
    return found;
  }

  boolean(key: string): boolean {
    const found = this.text(key);
    if (found === undefined || found.text === 'false') return false;
    if (found.text === 'true') return true;
    throw new RefusedRule(found.line, key, `${found.text} is neither true nor false`);
  }

  integer(key: string): number | undefined {
    const found = this.text(key);
    if (found === undefined) return undefined;
    if (!/^-?\d{1,9}$/.test(found.text)) throw new RefusedRule(found.line, key, `${found.text} is no integer`);
    return Number(found.text);
  }

  mapping(key: string): RuleMapping | undefined {
    const node = this.#node(key);
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    return this.#mappingOf(key, node);
  }

  mappings(key: string): readonly RuleMapping[] {
    return this.#items(key).map((item) => this.#mappingOf(key, item));
  }

  texts(key: string): readonly RuleText[] {
    return this.#items(key).flatMap((item) => this.#scalar(key, item) ?? []);
  }

  /** Keys and texts of a mapping, in order. */
  entries(): readonly (readonly [string, RuleText])[] {
    return [...this.#values.keys()].flatMap((name) => {
      const value = this.text(name);
      return value === undefined ? [] : [[name, value] as const];
    });
  }

  #node(key: string): Node | undefined {
    return this.#resolved(this.#values.get(key));
  }

  #resolved(node: Node | undefined): Node | undefined {
    return isAlias(node) ? (node.resolve(this.#document) as Node | undefined) : node;
  }

  #scalar(key: string, node: Node): RuleText | undefined {
    if (!isScalar(node)) throw new RefusedRule(this.#lineOf(node), key, `${key} must be a single value`);
    if (node.value === null) return undefined;
    const text = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    return { text, line: this.#lineOf(node) + (isBlock ? 1 : 0) };
  }

  #items(key: string): readonly Node[] {
    const node = this.#node(key);
    if (node === undefined || (isScalar(node) && node.value === null)) return [];
    if (!isSeq(node)) throw new RefusedRule(this.#lineOf(node), key, `${key} must be a list`);
    return (node.items as Node[]).map((item) => this.#resolved(item) ?? item);
  }

  #mappingOf(key: string, node: Node): RuleMapping {
    if (!isMap(node)) throw new RefusedRule(this.#lineOf(node), key, `${key} must be a mapping`);
    return new RuleMapping(node as YAMLMap, this.#document, this.#lines, this.#depth + 1);
  }

  #lineOf(node: Node | undefined): number {
    const at = node?.range?.[0];
    return at === undefined ? 1 : this.#lines.linePos(at).line;
  }
}

function keyName(key: unknown): string {
  return isScalar(key) ? String(key.value) : '?';
}
