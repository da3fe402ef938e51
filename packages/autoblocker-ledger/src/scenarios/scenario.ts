// A rule: which events it looks at, how it groups them, and how many in what time are too many.
// The meaning of every number is that of CrowdSec's leaky scenarios (docs.crowdsec.net, "Scenarios"), so that its rules can run here.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { LedgerErrorCode } from '../errors/index.js';
import type { BlockTarget, SecurityEvent } from '../events/index.js';

/** One leaky-bucket rule. `filter`, `groupBy` and the rest are pure functions of the event. */
export interface Scenario {
  /** `author/rule`, such as `tenstrip/ssh-bf`. */
  readonly name: string;
  /** Changes with every change of meaning; it stands in each decision. */
  readonly version: string;
  /** One sentence for people. */
  readonly description: string;
  /** MITRE ATT&CK techniques. */
  readonly references: readonly string[];
  /**
   * It is offered only events that name it among their `PreselectedEvent.candidates`, of any domain. Default false.
   */
  readonly preselected?: boolean;
  /** Domains whose events it is offered. */
  readonly domains: readonly string[] | 'all';
  /** Whether the event counts. */
  readonly filter: (event: SecurityEvent) => boolean;
  /** The bucket that the event is poured into; `undefined` pours nothing. */
  readonly groupBy: (event: SecurityEvent) => string | undefined;
  /** Only events with a value that the bucket has not seen are poured. */
  readonly distinct?: (event: SecurityEvent) => string | undefined;
  /** Events that fit; one more overflows. 0 overflows at once (a trigger). `Infinity` where something else says when. */
  readonly capacity: number;
  /** One event leaks out in this time, in milliseconds. */
  readonly leakSpeedMs: number;
  /** Overflows when it is true of the events that the bucket keeps (a conditional). Such a bucket lives `leakSpeedMs` from its last event. */
  readonly condition?: (kept: readonly SecurityEvent[]) => boolean;
  /** Overflows so long after the bucket's first event, in milliseconds, with all that came until then (a counter). */
  readonly windowMs?: number;
  /** Whether an overflow counts, given the events that the bucket kept. */
  readonly accepts?: (kept: readonly SecurityEvent[]) => boolean;
  /** After an overflow the group is silent for so long, in milliseconds. Default 0. */
  readonly blackholeMs?: number;
  /** An event that empties its bucket instead of filling it, given the events that the bucket keeps. Not asked for poured events. */
  readonly cancelOn?: (event: SecurityEvent, kept: readonly SecurityEvent[]) => boolean;
  /** The buckets that {@link Scenario.cancelOn} is asked about. Default: the one of `groupBy`. */
  readonly cancelGroups?: (event: SecurityEvent) => readonly string[];
  /** Whom an overflow accuses, given its last event. Default: the actor that the event names first. */
  readonly target?: (event: SecurityEvent) => BlockTarget | undefined;
  /** What is proposed against it. Default `ban`. */
  readonly action?: 'ban' | 'observe';
  /** Newest events kept as evidence, 1 to 200. Default `min(capacity + 1, 50)`. */
  readonly cacheSize?: number;
  /** How sure one overflow makes us: above 0 and below 2; 1 is ordinary. Scores of one target add up, and decay. */
  readonly score: number;
}

/** What a decision needs to know of the rule that led to it. */
export type Accuser = Pick<Scenario, 'name' | 'version' | 'description' | 'references' | 'score' | 'action' | 'target'>;

/** An event whose source knows already which of many scenarios it can concern. */
export interface PreselectedEvent extends SecurityEvent {
  /** In the order in which they are asked. */
  readonly candidates: readonly Scenario[];
}

/** `scenario` itself. @throws TenstripError `ScenarioInvalid` when it is none, or its thresholds make no sense. */
export function checkScenario(scenario: Scenario): Scenario {
  const isObject = typeof scenario === 'object' && scenario !== null;
  const wrong = isObject ? (wrongPart(scenario) ?? wrongThreshold(scenario)) : 'it is no object';
  if (wrong === undefined) return scenario;
  const name = isObject && typeof scenario.name === 'string' ? scenario.name.slice(0, maxNameLength) : '';
  throw new TenstripError<LedgerErrorCode>('ScenarioInvalid', `Scenario ${name || '(no name)'}: ${wrong}.`, {
    details: { scenario: name },
  });
}

/** What is thrown when a function of a scenario fails on an event. */
export function scenarioFailed({ name }: Scenario, cause: unknown): TenstripError<LedgerErrorCode> {
  const message = `Scenario ${name} failed on an event: ${cause instanceof Error ? cause.message : String(cause)}. Mend its functions or leave it out; the event was not taken.`;
  return new TenstripError<LedgerErrorCode>('ScenarioInvalid', message, { cause, details: { scenario: name } });
}

const maxNameLength = 128;
const maxVersionLength = 64;
/** In characters. Names, versions and descriptions stand in entries of the ledger, which are bounded. */
export const maxDescriptionLength = 1024;
const optionalParts = ['distinct', 'condition', 'accepts', 'cancelOn', 'cancelGroups', 'target'] as const;

function wrongPart(scenario: Scenario): string | undefined {
  const { name, version, description, references, domains, action } = scenario;
  const isText = (text: unknown, most: number) => typeof text === 'string' && text !== '' && text.length <= most;
  const isListOfTexts = (list: unknown) => Array.isArray(list) && list.every((text) => typeof text === 'string');
  if (!isText(name, maxNameLength)) return `the name must be a text of at most ${maxNameLength} characters`;
  if (!isText(version, maxVersionLength)) return `the version must be a text of at most ${maxVersionLength} characters`;
  if (!isText(description, maxDescriptionLength))
    return `the description must be a text of at most ${maxDescriptionLength} characters`;
  if (!isListOfTexts(references)) return 'references must be a list of texts';
  if (domains !== 'all' && !isListOfTexts(domains)) return "domains must be 'all' or a list of names";
  if (action !== undefined && action !== 'ban' && action !== 'observe') return 'the action must be ban or observe';
  if (typeof scenario.filter !== 'function' || typeof scenario.groupBy !== 'function')
    return 'filter and groupBy must be functions';
  const none = optionalParts.find((part) => scenario[part] !== undefined && typeof scenario[part] !== 'function');
  return none === undefined ? undefined : `${none} must be a function`;
}

function wrongThreshold(scenario: Scenario): string | undefined {
  const { capacity, leakSpeedMs, blackholeMs = 0, cacheSize = 1, windowMs = 1, score } = scenario;
  if (!/^[\w.-]+\/[\w.-]+$/.test(scenario.name)) return 'the name must be author/rule, in letters, digits, dot, dash';
  const isOpenEnded = capacity === Number.POSITIVE_INFINITY && (scenario.condition ?? scenario.windowMs) !== undefined;
  if (!isOpenEnded && (!Number.isInteger(capacity) || capacity < 0 || capacity > 100_000))
    return `capacity ${capacity} is not an integer from 0 to 100000`;
  if (!(leakSpeedMs >= 1 && leakSpeedMs <= 30 * 86_400_000))
    return `leakSpeedMs ${leakSpeedMs} is not from 1 ms to 30 days`;
  if (!(blackholeMs >= 0 && blackholeMs <= 30 * 86_400_000))
    return `blackholeMs ${blackholeMs} is not from 0 to 30 days`;
  if (!Number.isInteger(cacheSize) || cacheSize < 1 || cacheSize > 200)
    return `cacheSize ${cacheSize} is not an integer from 1 to 200`;
  if (!(windowMs >= 1 && windowMs <= 30 * 86_400_000)) return `windowMs ${windowMs} is not from 1 ms to 30 days`;
  // The rail KNOWN_GOOD asks for 2 at least: no rule may say of itself that it outweighs a login.
  if (!(score > 0 && score < 2)) return `score ${score} is not above 0 and below 2`;
  return undefined;
}
