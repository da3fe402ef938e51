// All tables in memory, each a fold over the entries of the ledger: decisions, who is blocked, scores, allow-list, positions.
// Opening a ledger replays its entries through `apply`; running appends go through the same function, so both agree.

import { BannedNeighbours, type Decision, type EarlierDecision, targetPrefix } from '../decisions/index.js';
import { type BlockTarget, type SourcePosition, targetKey } from '../events/index.js';
import {
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  IpPrefixIndex,
  type NetworkBlocking,
  NetworkSet,
  networkOf,
  requireIpAddress,
  requireIpPrefix,
  SharedBlocksWriter,
  type SharedLookupHandle,
} from '../lookup/index.js';
import { ExpiryQueue } from './expiry-queue.js';
import type { EvidenceLine } from './explanation.js';
import type {
  AllowListEntry,
  BatchName,
  DecisionEntry,
  ExtensionEntry,
  LedgerEntry,
  RefusalEntry,
  RevocationEntry,
} from './ledger-entry.js';
import { RecentBlocks } from './recent-blocks.js';

/** A decision as it stands, without its state, which depends on the time of asking. */
interface DecisionRecord {
  readonly id: bigint;
  readonly fact: DecisionEntry['fact'];
  readonly target: BlockTarget;
  readonly reason: string;
  /** Replaced and never changed: most decisions share theirs. */
  scenarios: ReadonlySet<string>;
  /** Replaced and never changed: decisions that were handed out share it. */
  evidence: readonly string[];
  /** Entries that changed it. */
  history: readonly bigint[];
  until: number | null;
  score: number;
  eventCount: number;
  extensions: number;
  held: EarlierDecision['held'];
  /** When it was taken back. */
  revokedAt: number | undefined;
  /** The decision as it was handed out last; looking up somebody who is blocked makes no new one. */
  handedOut: Decision | undefined;
}

/** Decisions of one network, and how many of them are in force. */
interface NetworkSlot {
  readonly prefix: IpPrefix;
  readonly decisions: DecisionRecord[];
  inForce: number;
}

const maxEvidenceDigests = 200;
const maxOverflowKeys = 100_000;
const maxScores = 100_000;
const maxScenarioSets = 10_000;
const nothing: readonly never[] = [];
const maxBatches = 100_000;
/** Bouncers poll: for so long after its end, in milliseconds, a block may still be carried out somewhere. */
const enforcementLagMs = 60_000;
/** Services whose refusals stand in the same logs. */
const webDomains = new Set(['http', 'api']);
/** A score halves in a day. */
const scoreHalfLifeMs = 86_400_000;

/** The state of a ledger in memory. */
export class Projections {
  /** Time of the newest entry, in milliseconds since 1970. */
  newestTime = 0;
  readonly entryCounts: Record<string, number> = {};
  readonly allowList = new NetworkSet();
  readonly positions = new Map<string, SourcePosition>();
  /** SHA-256 of the rules that the ledger ran last, in hex. */
  rulesDigest = '';
  /** IPv4 addresses in force; networks that overlap count twice. */
  blockedAddresses = 0;
  readonly #decisions = new Map<bigint, DecisionRecord>();
  readonly #byTarget = new Map<string, DecisionRecord[]>();
  readonly #index = new IpPrefixIndex();
  readonly #slots: (NetworkSlot | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #scenarioSets = new Map<string, ReadonlySet<string>>();
  /**
   * By slot: the decision that blocks the network in all domains, where nothing else is on it, and its end. One load where the
   * way over slot, decisions and record takes seven, most of them from memory that no cache holds.
   */
  readonly #answers: (Decision | undefined)[] = [];
  #answersEnd = new Float64Array(64);
  /** Of the look-up in hand. */
  readonly #covering = new Int32Array(129);
  #shared: SharedBlocksWriter | undefined;
  readonly #expiry = new ExpiryQueue();
  /** The latest end of what was dropped from the look-up because it had come. */
  #endedTo = Number.NEGATIVE_INFINITY;
  readonly #scores = new Map<string, { readonly score: number; readonly time: number }>();
  readonly #overflows = new Set<string>();
  /** Bans by rules, by network, each with the line that was too many. */
  readonly neighbours = new BannedNeighbours<EvidenceLine>();
  /** Batches that were taken, oldest first. */
  readonly #batches = new Map<string, BatchName>();
  /** Lengths of networks that were ever decided on. */
  readonly #rangeLengths = { 4: new Set<number>(), 6: new Set<number>() };
  readonly #recentBlocks = new RecentBlocks();

  /** Takes in entry `index`. */
  apply(index: bigint, entry: LedgerEntry): void {
    this.entryCounts[entry.class] = (this.entryCounts[entry.class] ?? 0) + 1;
    this.newestTime = Math.max(this.newestTime, entry.fact.time);
    switch (entry.class) {
      case 'decision':
        this.#applyDecision(index, entry);
        break;
      case 'extension':
        this.#applyExtension(index, entry);
        break;
      case 'refusal':
        this.#applyRefusal(entry);
        break;
      case 'revocation':
        this.#applyRevocation(index, entry);
        break;
      case 'allow-list-change':
        this.#applyAllowList(entry);
        break;
      case 'rule-change':
        this.rulesDigest = entry.fact.digest;
        break;
      case 'source-position':
        if (entry.personal !== undefined) this.positions.set(entry.personal.source, entry.personal.position);
        break;
      case 'event-batch':
        if (entry.personal !== undefined) this.#noteBatch(entry.personal);
    }
  }

  /** Memory from which other threads look up who is blocked; from the first call on it is kept up to date. */
  share(eventTime: boolean, now: number): SharedLookupHandle {
    if (this.#shared === undefined) {
      this.#shared = new SharedBlocksWriter(eventTime);
      for (const slot of this.#slots) if (slot !== undefined) this.#shareNetwork(slot);
      this.#shared.setNow(now);
    }
    return this.#shared.handle;
  }

  /** Drops from the look-up what ended at `now` or before. Where the clock was set back, what it had ended goes on. */
  expire(now: number): void {
    this.#shared?.setNow(now);
    if (now < this.#endedTo) this.#resume(now);
    for (const { id, end } of this.#expiry.take(now)) {
      const record = this.#decisions.get(id)!;
      if (record.until !== end || record.held === 'revoked') continue;
      this.#leaveForce(record);
      if (end > this.#endedTo) this.#endedTo = end;
    }
  }

  /** Puts back what was dropped and ends after `now`. O(decisions), when a clock goes back over an end. */
  #resume(now: number): void {
    const endedTo = this.#endedTo;
    this.#endedTo = now;
    for (const record of this.#decisions.values()) {
      const { until, held } = record;
      const isOver = until === null || until <= now || until > endedTo || held === 'revoked';
      if (!isOver && !this.#isPlaced(record)) this.#place(record);
    }
  }

  /** The decision that blocks a canonical target in a domain at a time, the longest running first. */
  blocking(target: BlockTarget, domain: string | undefined, at: number): Decision | undefined {
    const prefix = targetPrefix(target);
    if (prefix !== undefined) return this.blockingNetwork(prefix.address, domain, at, prefix.length);
    let longest: DecisionRecord | undefined;
    for (const record of this.#byTarget.get(targetKey(target)) ?? []) {
      longest = longerOf(longest, record, domain, at);
    }
    return longest === undefined ? undefined : decisionAt(longest, at);
  }

  /** The same for an IPv4 address as an integer; `at` is asked for only where something may block. */
  blockingIpv4(address: number, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    return this.#blockingCovering(this.#index.coveringIpv4(address, this.#covering), domain, at);
  }

  /** The same for any address. */
  blockingAddress(address: IpAddress, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    return this.#blockingCovering(this.#index.covering(address, this.#covering), domain, at);
  }

  /** What blocks on the first so many networks of `#covering`. */
  #blockingCovering(count: number, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    if (count === 0) return undefined;
    const now = typeof at === 'number' ? at : at();
    let longest: DecisionRecord | undefined;
    if (count === 1) {
      const number = this.#covering[0]!;
      const answer = this.#answers[number];
      // Nothing at all is over before the end that comes next, which is at hand.
      if (answer !== undefined && (now < this.#expiry.nextEnd || now < this.#answersEnd[number]!)) return answer;
    }
    for (let index = 0; index < count; index += 1) {
      const { decisions } = this.#slots[this.#covering[index]!]!;
      for (let place = 0; place < decisions.length; place += 1)
        longest = longerOf(longest, decisions[place]!, domain, now);
    }
    if (longest === undefined) return undefined;
    const decision = decisionAt(longest, now);
    if (count === 1 && longest.fact.domains === 'all') this.#keepAnswer(this.#covering[0]!, longest, decision);
    return decision;
  }

  #keepAnswer(number: number, record: DecisionRecord, decision: Decision): void {
    if (this.#slots[number]!.decisions.length > 1) return;
    if (number >= this.#answersEnd.length) {
      const wider = new Float64Array(Math.max(number + 1, this.#answersEnd.length * 2));
      wider.set(this.#answersEnd);
      this.#answersEnd = wider;
    }
    this.#answers[number] = decision;
    this.#answersEnd[number] = endOf(record);
  }

  /** The same for an address, or a network of `length` bits: one that blocks all of it. */
  blockingNetwork(address: IpAddress, domain: string | undefined, at: number, length = 128): Decision | undefined {
    let longest: DecisionRecord | undefined;
    const visit = (slot: number) => {
      for (const record of this.#slots[slot]!.decisions) longest = longerOf(longest, record, domain, at);
    };
    this.#index.visitCovering(address, visit, length);
    return longest === undefined ? undefined : decisionAt(longest, at);
  }

  /** Every decision in force on a canonical target at a time, those on networks around it included, narrowest first. */
  inForceOn(target: BlockTarget, at: number): Decision[] {
    const found: Decision[] = [];
    const collect = (records: readonly DecisionRecord[]) => {
      for (const record of records) {
        if (record.held === 'active' && isRunning(record, at)) found.push(decisionAt(record, at));
      }
    };
    const prefix = targetPrefix(target);
    if (prefix === undefined) collect(this.#byTarget.get(targetKey(target)) ?? []);
    else this.#index.visitCovering(prefix.address, (slot) => collect(this.#slots[slot]!.decisions), prefix.length);
    return found;
  }

  /**
   * Whether at a time, whatever became of it since, a decision stood on somebody in a domain, or had just ended: then a
   * refusal that a log shows is its doing.
   */
  wasInForce(actors: readonly BlockTarget[], domain: string, time: number): boolean {
    if (this.#decisions.size === 0) return false;
    const stood = (key: string) => this.#byTarget.get(key)?.some((record) => stoodAt(record, domain, time)) === true;
    return actors.some((actor) => {
      if (stood(targetKey(actor))) return true;
      if (actor.kind !== 'ip') return false;
      const address = requireIpAddress(actor.value);
      for (const length of this.#rangeLengths[address.family]) {
        if (stood(`range:${formatIpPrefix(networkOf(address, length))}`)) return true;
      }
      return false;
    });
  }

  /** A batch that was taken; the newest hundred thousand are known. */
  batch(name: string): BatchName | undefined {
    return this.#batches.get(name);
  }

  decision(id: bigint, at: number): Decision | undefined {
    const record = this.#decisions.get(id);
    return record === undefined ? undefined : decisionAt(record, at);
  }

  /** All decisions, oldest first. */
  *decisions(at: number): Generator<Decision> {
    for (const record of this.#decisions.values()) yield decisionAt(record, at);
  }

  /** Decisions on a target, oldest first. */
  earlier(target: BlockTarget): EarlierDecision[] {
    return (this.#byTarget.get(targetKey(target)) ?? []).map((record) => ({
      id: record.id,
      from: record.fact.from,
      until: record.until,
      action: record.fact.action,
      domains: record.fact.domains,
      scenarios: record.scenarios,
      held: record.held,
    }));
  }

  /** Every target that was ever decided on, with its decisions, in the order of the first. */
  *targets(at: number): Generator<{ target: BlockTarget; decisions: Decision[]; scenarios: string[] }> {
    for (const records of this.#byTarget.values()) {
      const scenarios = new Set(records.flatMap((record) => [...record.scenarios]));
      const decisions = records.map((record) => decisionAt(record, at));
      yield { target: records[0]!.target, decisions, scenarios: [...scenarios] };
    }
  }

  /** Entries that changed a decision, oldest first. */
  history(id: bigint): readonly bigint[] {
    return this.#decisions.get(id)?.history ?? [];
  }

  /** Decisions in force that touch a network. */
  inForceWithin(network: IpPrefix): bigint[] {
    const only = new NetworkSet([network]);
    const records = this.#slots.flatMap((slot) =>
      slot !== undefined && only.touches(slot.prefix) ? slot.decisions : [],
    );
    return records.filter((record) => record.held !== 'revoked').map((record) => record.id);
  }

  /** A target's score at a time: what its overflows added, halved every day. */
  scoreAt(target: BlockTarget, time: number): number {
    const held = this.#scores.get(targetKey(target));
    return held === undefined ? 0 : held.score * 0.5 ** (Math.max(0, time - held.time) / scoreHalfLifeMs);
  }

  /** Blocks that rules made in the minute up to `time`, of one scenario when it is given. */
  recentBlocks(time: number, scenario?: string): number {
    return this.#recentBlocks.count(time, scenario);
  }

  /** Whether an overflow has had its effect. */
  hasOverflow(key: string): boolean {
    return this.#overflows.has(key);
  }

  #applyDecision(id: bigint, { fact, personal }: DecisionEntry): void {
    if (personal === undefined) return;
    const record: DecisionRecord = {
      id,
      fact,
      target: personal.target,
      reason: personal.reason,
      scenarios: this.#onlyScenario(fact.scenario.name),
      evidence: personal.evidence.length === 0 ? nothing : personal.evidence.map(({ digest }) => digest),
      history: nothing,
      until: fact.until,
      score: fact.score,
      eventCount: fact.eventCount,
      extensions: 0,
      held: fact.held,
      revokedAt: undefined,
      handedOut: undefined,
    };
    this.#decisions.set(id, record);
    const key = targetKey(record.target);
    const ofTarget = this.#byTarget.get(key);
    if (ofTarget === undefined) this.#byTarget.set(key, [record]);
    else ofTarget.push(record);
    this.#noteOverflow(personal.overflow);
    this.#noteScore(record.target, fact.score, fact.time);
    this.#place(record);
    const prefix = targetPrefix(record.target);
    if (record.target.kind === 'range' && prefix !== undefined) {
      this.#rangeLengths[prefix.address.family].add(prefix.length);
    }
    this.#noteNeighbour(record, fact.time, personal.evidence.at(-1));
    if (fact.held === 'active' && fact.origin === 'scenario') this.#recentBlocks.note(fact.time, fact.scenario.name);
  }

  /** A set of one name, the same for every decision. */
  #onlyScenario(name: string): ReadonlySet<string> {
    const known = this.#scenarioSets.get(name);
    if (known !== undefined) return known;
    const only = new Set([name]);
    if (this.#scenarioSets.size < maxScenarioSets) this.#scenarioSets.set(name, only);
    return only;
  }

  #applyExtension(index: bigint, { fact, personal }: ExtensionEntry): void {
    const record = this.#decisions.get(BigInt(fact.decision));
    if (record === undefined) return;
    const wasInForce = this.#isPlaced(record);
    record.handedOut = undefined;
    record.until = fact.until;
    record.score = fact.score;
    record.eventCount += fact.eventCount;
    record.extensions += 1;
    if (!record.scenarios.has(fact.scenario.name))
      record.scenarios = new Set([...record.scenarios, fact.scenario.name]);
    record.history = [...record.history, index];
    this.#noteScore(record.target, fact.score, fact.time);
    this.#noteOverflow(personal?.overflow);
    this.#noteNeighbour(record, fact.time, personal?.evidence.at(-1));
    const added = personal?.evidence.map(({ digest }) => digest) ?? [];
    record.evidence = [...record.evidence, ...added].slice(0, maxEvidenceDigests);
    if (!wasInForce) {
      this.#place(record);
      return;
    }
    if (record.until !== null) this.#expiry.add(record.until, record.id);
    const prefix = targetPrefix(record.target);
    const number = prefix === undefined ? undefined : this.#index.get(prefix);
    if (number !== undefined) this.#networkChanged(number);
  }

  #applyRefusal({ fact, personal }: RefusalEntry): void {
    if (personal === undefined) return;
    this.#noteOverflow(personal.overflow);
    this.#noteScore(personal.target, fact.score, fact.time);
  }

  #applyRevocation(index: bigint, { fact }: RevocationEntry): void {
    const record = this.#decisions.get(BigInt(fact.decision));
    if (record === undefined || record.held === 'revoked') return;
    if (this.#isPlaced(record)) this.#leaveForce(record);
    record.held = 'revoked';
    record.revokedAt = fact.time;
    if (record.target.kind === 'ip') this.neighbours.forget(record.target.value);
    // What was taken back proves nothing: else a second mistake would be believed where the first was not.
    this.#scores.delete(targetKey(record.target));
    record.history = [...record.history, index];
  }

  #applyAllowList({ fact, personal }: AllowListEntry): void {
    if (personal === undefined) return;
    const network = requireIpPrefix(personal.network);
    if (fact.change === 'add') this.allowList.add(network);
    else this.allowList.delete(network);
  }

  /** Puts a decision where look-ups find it. */
  #place(record: DecisionRecord): void {
    if (record.until !== null) this.#expiry.add(record.until, record.id);
    const prefix = targetPrefix(record.target);
    if (prefix === undefined) return;
    const number = this.#index.get(prefix) ?? this.#newSlot(prefix);
    const slot = this.#slots[number]!;
    slot.decisions.push(record);
    this.#networkChanged(number);
    if (record.held !== 'active') return;
    slot.inForce += 1;
    if (slot.inForce === 1) this.blockedAddresses += addressesOf(prefix);
  }

  /** What is on a network has changed: forgets its answer, and tells other threads. */
  #networkChanged(number: number): void {
    this.#answers[number] = undefined;
    const slot = this.#slots[number];
    if (slot !== undefined) this.#shareNetwork(slot);
  }

  #shareNetwork({ prefix, decisions }: NetworkSlot): void {
    if (this.#shared === undefined) return;
    const blockings: NetworkBlocking[] = [];
    for (const { id, fact, held, until } of decisions) {
      const { action, domains } = fact;
      if (held === 'active' && action !== 'observe') blockings.push({ id, action, domains, until });
    }
    this.#shared.set(prefix, blockings);
  }

  #isPlaced(record: DecisionRecord): boolean {
    const prefix = targetPrefix(record.target);
    const number = prefix === undefined ? undefined : this.#index.get(prefix);
    return number !== undefined && this.#slots[number]!.decisions.includes(record);
  }

  #leaveForce(record: DecisionRecord): void {
    const prefix = targetPrefix(record.target);
    const number = prefix === undefined ? undefined : this.#index.get(prefix);
    if (prefix === undefined || number === undefined) return;
    const slot = this.#slots[number]!;
    const at = slot.decisions.indexOf(record);
    if (at < 0) return;
    slot.decisions.splice(at, 1);
    this.#networkChanged(number);
    if (record.held === 'active') {
      slot.inForce -= 1;
      if (slot.inForce === 0) this.blockedAddresses -= addressesOf(prefix);
    }
    if (slot.decisions.length > 0) return;
    this.#index.delete(prefix);
    this.#slots[number] = undefined;
    this.#freeSlots.push(number);
  }

  #newSlot(prefix: IpPrefix): number {
    const number = this.#freeSlots.pop() ?? this.#slots.length;
    this.#slots[number] = { prefix, decisions: [], inForce: 0 };
    this.#index.set(prefix, number);
    return number;
  }

  #noteScore(target: BlockTarget, score: number, time: number): void {
    const key = targetKey(target);
    this.#scores.delete(key);
    this.#scores.set(key, { score, time });
    if (this.#scores.size > maxScores) this.#scores.delete(this.#scores.keys().next().value!);
  }

  #noteOverflow(key: string | undefined): void {
    if (key !== undefined) addBounded(this.#overflows, key, maxOverflowKeys);
  }

  #noteBatch(batch: BatchName): void {
    this.#batches.set(batch.batch, batch);
    if (this.#batches.size > maxBatches) this.#batches.delete(this.#batches.keys().next().value!);
  }

  #noteNeighbour({ target, fact, held }: DecisionRecord, time: number, evidence: EvidenceLine | undefined): void {
    if (target.kind !== 'ip' || held !== 'active' || fact.action !== 'ban' || fact.origin !== 'scenario') return;
    this.neighbours.note(target.value, time, evidence);
  }
}

/** Adds a text to a set that forgets the oldest. */
function addBounded(set: Set<string>, text: string, limit: number): void {
  set.add(text);
  if (set.size > limit) set.delete(set.values().next().value!);
}

/** Whether a decision was carried out in a domain at a time, or up to a moment before. */
function stoodAt({ fact, until, revokedAt }: DecisionRecord, domain: string, time: number): boolean {
  const { held, action, domains, from } = fact;
  if (held !== 'active' || action === 'observe') return false;
  const isCovered = (one: string) => one === domain || (webDomains.has(one) && webDomains.has(domain));
  if (domains !== 'all' && !domains.some(isCovered)) return false;
  const end = Math.min(until ?? Number.POSITIVE_INFINITY, revokedAt ?? Number.POSITIVE_INFINITY);
  return from < time && time < end + enforcementLagMs;
}

/** The longer running of two decisions, where the second is one that blocks in this domain at this time. */
function longerOf(
  longest: DecisionRecord | undefined,
  record: DecisionRecord,
  domain: string | undefined,
  at: number,
): DecisionRecord | undefined {
  const { domains, action } = record.fact;
  if (record.held !== 'active' || action === 'observe' || !isRunning(record, at)) return longest;
  if (domain !== undefined && domains !== 'all' && !domains.includes(domain)) return longest;
  return longest === undefined || endOf(record) > endOf(longest) ? record : longest;
}

function isRunning(record: DecisionRecord, at: number): boolean {
  return record.until === null || at < record.until;
}

function endOf(record: DecisionRecord): number {
  return record.until ?? Number.POSITIVE_INFINITY;
}

function addressesOf(prefix: IpPrefix): number {
  return prefix.address.family === 4 ? 2 ** (32 - prefix.length) : 0;
}

function decisionAt(record: DecisionRecord, at: number): Decision {
  const state = record.held === 'revoked' ? 'revoked' : isRunning(record, at) ? record.held : 'expired';
  if (record.handedOut?.state === state) return record.handedOut;
  const { id, fact, target, reason, until, score, evidence, eventCount, extensions } = record;
  const { action, domains, scenario, origin, from, rail } = fact;
  record.handedOut = {
    id,
    target,
    action,
    domains,
    reason,
    scenario,
    origin,
    from,
    until,
    score,
    evidence,
    eventCount,
    extensions,
    state,
    rail,
  };
  return record.handedOut;
}
