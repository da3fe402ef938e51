// A scenario of CrowdSec's hub to a scenario of ours (docs.crowdsec.net, "Scenario format"): same numbers, same meaning.

import { createHash } from 'node:crypto';
import { isTenstripError } from '@tenstrip/shared-core/errors';
import type { BlockTarget, SecurityEvent } from '../events/index.js';
import { type CompiledExpression, type Expression, parseGoDuration, type Scope } from '../expressions/index.js';
import { canonicalAddress, formatIpPrefix, parseIpPrefix } from '../lookup/index.js';
import type { Scenario } from '../scenarios/index.js';
import { checkScenario, maxDescriptionLength } from '../scenarios/index.js';
import { attempt, type RuleCompilation } from './rule-compilation.js';
import type { RuleMapping } from './rule-document.js';
import { RuleEvent } from './rule-event.js';
import { RefusedRule } from './rule-refusal.js';

const keys = new Set([
  'type',
  'name',
  'description',
  'filter',
  'groupby',
  'distinct',
  'capacity',
  'leakspeed',
  'duration',
  'blackhole',
  'cache_size',
  'cancel_on',
  'condition',
  'overflow_filter',
  'scope',
  'labels',
  'reprocess',
  'data',
  'debug',
  'format',
  'references',
  'author',
  'version',
]);

const maximumDurationMs = 30 * 86_400_000;
/** Events that a conditional without a cache size keeps; CrowdSec keeps all. */
const conditionalCache = 199;

/** Whom an event of an overflow speaks of. */
export interface OverflowSource {
  /** `Ip`, `Range`, or a word of the rule's own, such as `pid`. */
  readonly scope: string;
  readonly value: string;
}

/** A scenario that was compiled from a rule. */
export interface RuleScenario extends Scenario {
  /** Whom an event speaks of, also where that is nobody who can be blocked. */
  readonly sourceOf: (event: SecurityEvent) => OverflowSource | undefined;
}

/** A compiled scenario and what its filter was compiled from. */
export interface CompiledScenario {
  readonly scenario: RuleScenario;
  readonly filter: Expression;
}

/** @throws RefusedRule */
export function compileScenario(document: RuleMapping, text: string, compilation: RuleCompilation): CompiledScenario {
  document.onlyKeys(keys);
  const filter = compilation.expression('filter', document.requiredText('filter'));
  // As it is: scenarios with one and the same function share the names of their groups.
  const groupBy = optionalText(document, 'groupby', compilation) ?? (() => '');
  const distinct = optionalText(document, 'distinct', compilation);
  const scope = compileScope(document, compilation);
  const scenario: RuleScenario = {
    name: document.requiredText('name').text,
    version: `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`,
    description: document.requiredText('description').text.trim().slice(0, maxDescriptionLength),
    references: techniques(document),
    domains: 'all',
    preselected: true,
    ...filterOf(document, filter, compilation, groupBy),
    groupBy,
    ...(distinct === undefined ? {} : { distinct: (event: SecurityEvent) => distinct(event) ?? '' }),
    ...bucketOf(document, compilation),
    blackholeMs: duration(document, 'blackhole') ?? 0,
    ...acceptanceOf(document, compilation),
    ...scope,
    action: document.mapping('labels')?.text('remediation')?.text === 'true' ? 'ban' : 'observe',
    score: 1,
  };
  return { scenario: runnable(scenario, document), filter: filter.syntax };
}

/** A rule that no detector takes is refused here, where its place is known. */
function runnable(scenario: RuleScenario, document: RuleMapping): RuleScenario {
  try {
    checkScenario(scenario);
    return scenario;
  } catch (error) {
    if (!isTenstripError(error, 'ScenarioInvalid')) throw error;
    throw new RefusedRule(document.line, 'scenario', error.message);
  }
}

function scopeOf(event: SecurityEvent): Scope {
  return event as RuleEvent as unknown as Scope;
}

/** The filter, and cancellation: in CrowdSec an event of the filter that matches `cancel_on` empties its bucket. */
function filterOf(
  document: RuleMapping,
  { evaluate }: CompiledExpression,
  compilation: RuleCompilation,
  groupBy: Scenario['groupBy'],
): Pick<Scenario, 'filter' | 'cancelOn' | 'cancelGroups'> {
  const own = (event: SecurityEvent) => event instanceof RuleEvent && attempt(evaluate, scopeOf(event)) === true;
  const { text } = document.requiredText('filter');
  const passes = onlyCompares.test(text) ? compilation.sharedReader(`filter ${text}`, askedOnce(own)) : own;
  const cancelText = document.text('cancel_on');
  if (cancelText === undefined || cancelText.text === '') return { filter: passes };
  const cancels = compilation.condition('cancel_on', cancelText);
  const cancelOn = (event: SecurityEvent) => passes(event) && cancels(scopeOf(event));
  return {
    filter: (event) => passes(event) && !cancels(scopeOf(event)),
    cancelOn,
    // Asked first: of other events no bucket is looked at, whose events may have to be read again for it.
    cancelGroups: (event) => {
      const group = cancelOn(event) ? groupBy(event) : undefined;
      return group === undefined ? [] : [group];
    },
  };
}

/** A filter that asks nothing but whether a field is some text. Most are, and several rules about one thing have the same. */
const onlyCompares = /^evt\.Meta\.\w+ == '[^'\\]*'$/;

/** The same, asked once about an event by all who ask one after the other. */
function askedOnce(ask: (event: SecurityEvent) => boolean): (event: SecurityEvent) => boolean {
  let last: SecurityEvent | undefined;
  let answer = false;
  return (event) => {
    if (event !== last) {
      answer = ask(event);
      last = event;
    }
    return answer;
  };
}

function optionalText(
  document: RuleMapping,
  key: string,
  compilation: RuleCompilation,
): ((event: SecurityEvent) => string | undefined) | undefined {
  const found = document.text(key);
  if (found === undefined || found.text === '') return undefined;
  const { evaluate } = compilation.expression(key, found);
  const read = (event: SecurityEvent) => {
    const value = attempt(evaluate, scopeOf(event));
    return typeof value === 'string' ? value : undefined;
  };
  return /^evt\.Meta\.\w+$/.test(found.text) ? compilation.sharedReader(found.text, read) : read;
}

type Bucket = Pick<Scenario, 'capacity' | 'leakSpeedMs' | 'cacheSize' | 'condition' | 'windowMs'>;

function bucketOf(document: RuleMapping, compilation: RuleCompilation): Bucket {
  const type = document.requiredText('type');
  const capacity = document.integer('capacity');
  const cache = document.integer('cache_size') ?? 0;
  switch (type.text) {
    case 'trigger':
      if (capacity !== undefined && capacity !== 0)
        throw new RefusedRule(document.line, 'capacity', 'a trigger has no capacity');
      return { capacity: 0, leakSpeedMs: 1 };
    case 'leaky': {
      if (capacity === undefined || capacity <= 0)
        throw new RefusedRule(document.line, 'capacity', 'a leaky bucket needs a capacity above 0');
      const kept = cache > 0 && cache <= capacity ? cache + 1 : capacity + 1;
      return { capacity, leakSpeedMs: required(document, 'leakspeed'), cacheSize: Math.min(kept, 50) };
    }
    case 'counter':
      if (capacity !== -1) throw new RefusedRule(document.line, 'capacity', 'a counter has the capacity -1');
      return {
        capacity: Number.POSITIVE_INFINITY,
        leakSpeedMs: 1,
        windowMs: required(document, 'duration'),
        cacheSize: keptOf(cache),
      };
    case 'conditional': {
      if (capacity !== undefined && capacity !== -1)
        throw new RefusedRule(document.line, 'capacity', 'a conditional has the capacity -1');
      const condition = compilation.condition('condition', document.requiredText('condition'));
      return {
        capacity: Number.POSITIVE_INFINITY,
        leakSpeedMs: required(document, 'leakspeed'),
        cacheSize: keptOf(cache === 0 ? conditionalCache : cache),
        condition: (kept) => condition({ evt: (kept.at(-1) as RuleEvent).evt, queue: queueOf(kept) }),
      };
    }
    default:
      throw new RefusedRule(type.line, 'type', `buckets of type ${type.text} are not supported`);
  }
}

const keptOf = (cache: number) => Math.min(Math.max(cache + 1, 1), 200);

/** What conditions see as `queue`. */
function queueOf(kept: readonly SecurityEvent[]): { readonly Queue: readonly unknown[] } {
  return { Queue: kept.map((event) => (event as RuleEvent).evt) };
}

function acceptanceOf(document: RuleMapping, compilation: RuleCompilation): Pick<Scenario, 'accepts'> {
  const found = document.text('overflow_filter');
  if (found === undefined || found.text === '') return {};
  const { evaluate } = compilation.expression('overflow_filter', found);
  // As in CrowdSec, only `false` discards: an overflow stands where its filter fails or says neither.
  return { accepts: (kept) => attempt(evaluate, { queue: queueOf(kept) }) !== false };
}

/** Whom an overflow is about. What is neither an address nor a network is reported and cannot be blocked. */
function compileScope(
  document: RuleMapping,
  compilation: RuleCompilation,
): Required<Pick<RuleScenario, 'target' | 'sourceOf'>> {
  const mapping = document.mapping('scope');
  const scope = mapping?.text('type')?.text ?? 'Ip';
  const text = mapping?.text('expression');
  const read = text === undefined ? undefined : compilation.expression('scope.expression', text).evaluate;
  if (scope === 'Ip')
    return { target: (event) => event.actor[0], sourceOf: (event) => sourceOf(scope, metaOf(event, 'source_ip')) };
  if (scope !== 'Range' && read === undefined)
    throw new RefusedRule(document.line, 'scope', `the scope ${scope} needs an expression`);
  const sourceValue = (event: SecurityEvent) => {
    const value = read === undefined ? metaOf(event, 'SourceRange') : attempt(read, scopeOf(event));
    return typeof value === 'string' ? value : '';
  };
  return {
    target: scope === 'Range' ? (event) => rangeTarget(sourceValue(event)) : () => undefined,
    sourceOf: (event) => sourceOf(scope, sourceValue(event)),
  };
}

function metaOf(event: SecurityEvent, key: string): string {
  return (event as RuleEvent).evt.Meta.get(key) ?? '';
}

function sourceOf(scope: string, value: string): OverflowSource | undefined {
  return value === '' ? undefined : { scope, value };
}

function rangeTarget(value: string): BlockTarget | undefined {
  const prefix = parseIpPrefix(value);
  if (prefix !== undefined) return { kind: 'range', value: formatIpPrefix(prefix) };
  const address = canonicalAddress(value);
  return address === undefined ? undefined : { kind: 'ip', value: address };
}

function techniques(document: RuleMapping): readonly string[] {
  const named = document.mapping('labels')?.texts('classification') ?? [];
  return named.map(({ text }) => text.replace(/^attack\./, ''));
}

function required(document: RuleMapping, key: string): number {
  const found = duration(document, key);
  if (found === undefined) throw new RefusedRule(document.line, key, `${key} is missing`);
  return found;
}

/** In milliseconds. */
function duration(document: RuleMapping, key: string): number | undefined {
  const found = document.text(key);
  if (found === undefined || found.text === '') return undefined;
  const parsed = parseGoDuration(found.text);
  if (parsed === undefined || parsed < 1 || parsed > maximumDurationMs) {
    throw new RefusedRule(found.line, key, `${found.text} is no duration from 1 ms to 30 days`);
  }
  return parsed;
}
