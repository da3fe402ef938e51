// A parser of CrowdSec's hub to a function of the event: filter, whitelist, grok, stash, inner nodes, statics, stage, in
// this order (docs.crowdsec.net, "Parser format").

import { parseGoDuration, type Scope } from '../expressions/index.js';
import { NetworkSet, networkOf, parseIpAddress, parseIpPrefix } from '../lookup/index.js';
import { type GrokExpression, internedName } from '../patterns/index.js';
import type { LineStash } from './line-stash.js';
import { attempt, type RuleCompilation } from './rule-compilation.js';
import type { RuleMapping, RuleText } from './rule-document.js';
import { RefusedRule } from './rule-refusal.js';
import { compileStatic, type ParseContext, type ParseScope, StaticList } from './static-compiler.js';
import { TextComparison } from './text-place.js';

/** What nodes need beside the event. */
export interface ParseEnvironment extends ParseContext {
  readonly stash: LineStash;
  /** Number of the last stage. */
  readonly lastStage: number;
}

/** A parser of some stage. */
export interface CompiledParser {
  readonly name: string;
  readonly stage: string;
  /** Whether an event that it accepts goes on to the next stage at once. */
  readonly ends: boolean;
  readonly node: ParserNode;
}

const nodeKeys = new Set([
  'filter',
  'grok',
  'name',
  'nodes',
  'onsuccess',
  'pattern_syntax',
  'stash',
  'statics',
  'whitelist',
  'debug',
  'description',
]);
const parserKeys = new Set([...nodeKeys, 'format', 'author', 'references', 'data', 'stage', 'version', 'labels']);
const grokKeys = new Set(['pattern', 'name', 'apply_on', 'expression', 'statics']);
const stashKeys = new Set(['name', 'key', 'value', 'ttl', 'size', 'strategy']);
const whitelistKeys = new Set(['reason', 'ip', 'cidr', 'expression']);

/** @throws RefusedRule */
export function compileParser(document: RuleMapping, stage: string, compilation: RuleCompilation): CompiledParser {
  document.onlyKeys(parserKeys);
  const name = document.text('name')?.text ?? '';
  return {
    name,
    stage,
    ends: document.text('onsuccess')?.text === 'next_stage',
    node: compileNode(document, compilation, new Map(), 0),
  };
}

const maximumDepth = 16;

function compileNode(
  mapping: RuleMapping,
  compilation: RuleCompilation,
  outerPatterns: Map<string, string>,
  depth: number,
): ParserNode {
  if (depth > 0) mapping.onlyKeys(nodeKeys);
  if (depth > maximumDepth) throw new RefusedRule(mapping.line, 'nodes', `nested deeper than ${maximumDepth}`);
  // The first definition of a name holds, in a whole document.
  for (const [name, { text }] of mapping.mapping('pattern_syntax')?.entries() ?? []) {
    if (!outerPatterns.has(name)) outerPatterns.set(name, text);
  }
  const filterText = mapping.text('filter');
  const filter =
    filterText === undefined || filterText.text === '' ? undefined : compilation.condition('filter', filterText);
  return new ParserNode({
    comparison: filterText && TextComparison.of(filterText.text),
    filter,
    whitelist: compileWhitelist(mapping, compilation),
    grok: compileGrok(mapping, compilation, outerPatterns),
    stashes: mapping.mappings('stash').map((stash) => compileStash(stash, compilation)),
    inner: mapping.mappings('nodes').map((node) => compileNode(node, compilation, outerPatterns, depth + 1)),
    statics: compileStatics(mapping, compilation),
    ends: endsStage(mapping),
  });
}

type Stash = (scope: ParseScope, environment: ParseEnvironment) => void;

interface NodeParts {
  /** The filter, where it is one. */
  readonly comparison: TextComparison | undefined;
  readonly filter: ((scope: Scope) => boolean) | undefined;
  readonly whitelist: Whitelist | undefined;
  readonly grok: GrokStep | undefined;
  readonly stashes: readonly Stash[];
  readonly inner: readonly ParserNode[];
  readonly statics: StaticList;
  readonly ends: boolean;
}

/** So many fit into one number. */
const mostBits = 31;

/** A node of a parser. */
class ParserNode {
  /** Its grok, where it is nothing but that and statics, of which an outer node may know beforehand that it does not match. */
  readonly grokAlone: GrokStep | undefined;
  readonly statics: StaticList;
  readonly #comparison: TextComparison | undefined;
  readonly #filter: NodeParts['filter'];
  readonly #whitelist: Whitelist | undefined;
  readonly #grok: GrokStep | undefined;
  readonly #stashes: readonly Stash[];
  readonly #inner: readonly ParserNode[];
  readonly #ends: boolean;
  /** Of each inner node which of those before it, as bits, look for a text that stands in its own: without that it has none. */
  readonly #shorter: readonly number[];

  constructor({ comparison, filter, whitelist, grok, stashes, inner, statics, ends }: NodeParts) {
    const isPlain = filter === undefined && whitelist === undefined && stashes.length + inner.length === 0 && !ends;
    this.grokAlone = isPlain ? grok : undefined;
    this.statics = statics;
    this.#comparison = comparison;
    this.#filter = comparison === undefined ? filter : undefined;
    this.#whitelist = whitelist;
    this.#grok = grok;
    this.#stashes = stashes;
    this.#inner = inner;
    this.#ends = ends;
    this.#shorter = inner.map(({ grokAlone: grok }, number) => {
      const isShorter = (other: GrokStep | undefined) =>
        grok?.field !== undefined && other?.field === grok.field && grok.longestText.includes(other.longestText);
      return inner
        .slice(0, Math.min(number, mostBits))
        .reduce((bits, { grokAlone }, at) => bits | (isShorter(grokAlone) ? 1 << at : 0), 0);
    });
  }

  /** Whether it accepts the event, which it writes into. @throws StaticFailure */
  accepts(scope: ParseScope, environment: ParseEnvironment): boolean {
    if (this.#comparison?.holds(scope.evt) === false) return false;
    if (this.#filter !== undefined && !this.#filter(scope as never)) return false;
    const isWhitelisted = this.#whitelist?.(scope);
    if (isWhitelisted === 'failed') return false;
    const grok = this.#grok;
    const groked = grok === undefined ? 'none' : grok.matches(scope, environment) ? 'matched' : 'failed';
    if (groked !== 'failed') for (const stash of this.#stashes) stash(scope, environment);
    if (!this.#innerAccept(scope, environment, groked)) return false;
    if (isWhitelisted !== false) this.statics.write(scope, environment);
    if (this.#ends) scope.evt.stage = Math.min(scope.evt.stage + 1, environment.lastStage);
    return true;
  }

  /**
   * Runs inner nodes until one accepts and the node ends the stage. A node with a grok that matched has accepted whatever its
   * inner nodes say; without one the last of them decides. CrowdSec runs them after a failed grok too.
   */
  #innerAccept(scope: ParseScope, environment: ParseEnvironment, groked: 'none' | 'matched' | 'failed'): boolean {
    let accepted = groked !== 'failed';
    // The field that was looked at last, as long as no node has written into the event.
    let field: string | undefined;
    let subject: string | undefined;
    /** Bits of nodes whose text is not in it. */
    let absent = 0;
    const inner = this.#inner;
    for (let at = 0; at < inner.length; at += 1) {
      const node = inner[at]!;
      const grok = node.grokAlone;
      let accepts: boolean;
      if (grok?.field === undefined) {
        field = undefined;
        accepts = node.accepts(scope, environment);
      } else {
        if (grok.field !== field) {
          field = grok.field;
          subject = scope.evt.Parsed.get(field);
          absent = 0;
        }
        if ((absent & this.#shorter[at]!) !== 0 || subject?.includes(grok.longestText) !== true) {
          if (at < mostBits) absent |= 1 << at;
          accepts = false;
        } else accepts = node.#acceptsText(subject, grok, scope, environment);
      }
      if (accepts) {
        accepted = true;
        if (this.#ends) break;
        field = undefined;
      } else if (groked !== 'matched') accepted = false;
    }
    return accepted;
  }

  /** {@link ParserNode.accepts} of a grok alone, in whose subject its longest text stands. */
  #acceptsText(subject: string, grok: GrokStep, scope: ParseScope, environment: ParseEnvironment): boolean {
    if (!grok.matchesText(subject, scope, environment)) return false;
    this.statics.write(scope, environment);
    return true;
  }
}

function endsStage(mapping: RuleMapping): boolean {
  const found = mapping.text('onsuccess');
  if (found === undefined || found.text === '' || found.text === 'continue') return false;
  if (found.text === 'next_stage') return true;
  throw new RefusedRule(found.line, 'onsuccess', `${found.text} is neither continue nor next_stage`);
}

function compileGrok(
  mapping: RuleMapping,
  compilation: RuleCompilation,
  own: ReadonlyMap<string, string>,
): GrokStep | undefined {
  const grok = mapping.mapping('grok');
  if (grok === undefined) return undefined;
  grok.onlyKeys(grokKeys);
  const pattern = grok.text('pattern');
  const name = grok.text('name');
  if (pattern === undefined && name === undefined) throw new RefusedRule(grok.line, 'grok', 'neither pattern nor name');
  const text = pattern ?? { text: `%{${name!.text}}`, line: name!.line };
  const compiled = compilation.grok('grok.pattern', text, own);
  const subject = subjectOf(grok, compilation);
  return new GrokStep(compiled, subject, compileStatics(grok, compilation));
}

/** A grok of a node, and what is written when it matches. */
class GrokStep {
  /** Where it looks at a text of `evt.Parsed`: which. */
  readonly field: string | undefined;
  /** The longest text that stands in everything that it matches. */
  readonly longestText: string;
  readonly #expression: GrokExpression;
  readonly #read: Subject['read'];
  readonly #statics: StaticList;

  constructor(expression: GrokExpression, { read, field }: Subject, statics: StaticList) {
    this.field = field;
    this.longestText = [...expression.pattern.literals].sort((one, other) => other.length - one.length)[0] ?? '';
    this.#expression = expression;
    this.#read = read;
    this.#statics = statics;
  }

  matches(scope: ParseScope, environment: ParseEnvironment): boolean {
    const subject = this.#read(scope);
    return subject !== undefined && this.#parses(subject, false, scope, environment);
  }

  /** The same where its subject is known, in which the longest text stands. */
  matchesText(subject: string, scope: ParseScope, environment: ParseEnvironment): boolean {
    return this.#parses(subject, true, scope, environment);
  }

  #parses(subject: string, isLikely: boolean, scope: ParseScope, environment: ParseEnvironment): boolean {
    if (!this.#expression.parseInto(subject, scope.evt.Parsed, environment.isComplete, isLikely)) return false;
    this.#statics.write(scope, environment);
    return true;
  }
}

function compileStatics(mapping: RuleMapping, compilation: RuleCompilation): StaticList {
  return new StaticList(mapping.mappings('statics').map((one) => compileStatic(one, compilation)));
}

/** The text that a grok looks at; `field`: where it is one of `evt.Parsed`. */
interface Subject {
  readonly read: (scope: ParseScope) => string | undefined;
  readonly field?: string;
}

function subjectOf(grok: RuleMapping, compilation: RuleCompilation): Subject {
  const field = grok.text('apply_on')?.text;
  if (field === 'Line.Raw') return { read: ({ evt }) => evt.raw };
  if (field !== undefined) {
    const name = internedName(field);
    compilation.noteRead(['evt', 'Parsed', name]);
    return { read: ({ evt }) => evt.Parsed.get(name), field: name };
  }
  const { evaluate, whole } = compilation.expression('grok.expression', grok.requiredText('expression'));
  const read: Subject['read'] = (scope) => {
    const value = attempt(evaluate, scope as never);
    if (typeof value === 'number') return whole ? String(value) : value.toFixed(6);
    return typeof value === 'string' ? value : undefined;
  };
  return { read };
}

function compileStash(
  stash: RuleMapping,
  compilation: RuleCompilation,
): (scope: ParseScope, environment: ParseEnvironment) => void {
  stash.onlyKeys(stashKeys);
  const name = stash.requiredText('name').text;
  const key = compilation.expression('stash.key', stash.requiredText('key')).evaluate;
  const value = compilation.expression('stash.value', stash.requiredText('value')).evaluate;
  const life = stash.requiredText('ttl');
  const lifeMs = parseGoDuration(life.text);
  if (lifeMs === undefined) throw new RefusedRule(life.line, 'stash.ttl', `${life.text} is no duration`);
  const size = Math.min(Math.max(stash.integer('size') ?? 100, 1), 10_000);
  return (scope, environment) => {
    const [foundKey, foundValue] = [attempt(key, scope as never), attempt(value, scope as never)];
    if (typeof foundKey === 'string' && typeof foundValue === 'string')
      environment.stash.set(name, foundKey, foundValue, lifeMs, size);
  };
}

type Whitelist = (scope: ParseScope) => boolean | 'failed';

/** Whether an event is excused; `undefined` for a node without a whitelist, whose statics always count. */
function compileWhitelist(mapping: RuleMapping, compilation: RuleCompilation): Whitelist | undefined {
  const whitelist = mapping.mapping('whitelist');
  if (whitelist === undefined) return undefined;
  whitelist.onlyKeys(whitelistKeys);
  const reason = whitelist.text('reason')?.text ?? '';
  const networks = new NetworkSet([...whitelist.texts('ip'), ...whitelist.texts('cidr')].map(networkOfText));
  const expressions = whitelist
    .texts('expression')
    .map((text) => compilation.expression('whitelist.expression', text).evaluate);
  return (scope) => {
    const address = parseIpAddress(scope.evt.Meta.get('source_ip') ?? '');
    let found =
      address !== undefined &&
      networks.size > 0 &&
      networks.touches(networkOf(address, address.family === 4 ? 32 : 128));
    for (const evaluate of expressions) {
      if (found) break;
      const value = attempt(evaluate, scope as never);
      if (value === undefined) return 'failed';
      found = value === true;
    }
    if (found && !scope.evt.Whitelisted) {
      scope.evt.Whitelisted = true;
      scope.evt.WhitelistReason = reason;
    }
    return found;
  };
}

function networkOfText({ text, line }: RuleText): ReturnType<typeof networkOf> {
  const address = parseIpAddress(text);
  const network = address === undefined ? parseIpPrefix(text) : networkOf(address, address.family === 4 ? 32 : 128);
  if (network === undefined) throw new RefusedRule(line, 'whitelist', `${text} is neither an address nor a network`);
  return network;
}
