// All tables in memory, each a fold over the entries of the ledger: decisions, who is blocked, scores, allow-list, positions.
// Opening a ledger replays its entries through `apply`; running appends go through the same function, so both agree.

import {
  BannedNeighbours,
  type Decision,
  type DecisionState,
  type EarlierDecision,
  targetPrefix,
} from '../decisions/index.js';
import { type BlockTarget, type SourcePosition, targetKey } from '../events/index.js';
import {
  type IpAddress,
  type IpPrefix,
  type NetworkBlocking,
  NetworkSet,
  requireIpAddress,
  requireIpPrefix,
  SharedBlocksWriter,
  type SharedLookupHandle,
} from '../lookup/index.js';
import { DecisionForms } from './decision-forms.js';
import { DecisionRows, rowFlag } from './decision-rows.js';
import { EvidenceDigests } from './evidence-digests.js';
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

/** What few decisions have: those that were extended or taken back, and those whose target was accused again. */
interface ExtraFacts {
  score?: number;
  eventCount?: number;
  extensions?: number;
  /** Of all overflows; replaced and never changed. */
  scenarios?: ReadonlySet<string>;
  /** Numbers of the lists of digests of all overflows; replaced and never changed. */
  evidence?: readonly number[];
  /** How many digests these are. */
  evidenceCount?: number;
  /** Entries that changed it. */
  history?: readonly bigint[];
  /** When it was taken back, if it was in force until then. */
  revokedAt?: number;
  /** The score of its target, where it is not the row's; on the youngest row of a target. */
  noted?: NotedScore;
}

interface NotedScore {
  readonly score: number;
  readonly time: number;
}

const maxEvidenceDigests = 200;
const maxOverflowKeys = 100_000;
const maxScores = 100_000;
const nothing: readonly never[] = [];
const noFacts: ExtraFacts = Object.freeze({});
const maxBatches = 100_000;
/**
 * Decisions that were asked for twice are kept, so that who knocks again and again makes no garbage: for so many rows, by
 * their last bits. Some 300 bytes each. A power of two.
 */
const maxKept = 16_384;
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
  readonly #entryCounts = new Map<string, number>();
  readonly allowList = new NetworkSet();
  readonly positions = new Map<string, SourcePosition>();
  /** SHA-256 of the rules that the ledger ran last, in hex. */
  rulesDigest = '';
  /** IPv4 addresses in force; networks that overlap count twice. */
  blockedAddresses = 0;
  readonly #rows: DecisionRows;
  readonly #forms = new DecisionForms();
  readonly #digests = new EvidenceDigests();
  readonly #extras = new Map<number, ExtraFacts>();
  readonly #kept: (Decision | undefined)[] = new Array(maxKept).fill(undefined);
  readonly #keptRows = new Int32Array(maxKept);
  /** By place: the row that was asked for last. */
  readonly #askedRows = new Int32Array(maxKept).fill(-1);
  /** Of the look-up in hand. */
  readonly #covering = new Int32Array(129);
  #shared: SharedBlocksWriter | undefined;
  /** The latest end of what was dropped from the look-up because it had come. */
  #endedTo = Number.NEGATIVE_INFINITY;
  /** Scores of targets on which there is no decision; those of the others stand with their decisions. */
  readonly #scores = new Map<string, NotedScore>();
  readonly #overflows = new Set<string>();
  /** Bans by rules, by network, each with the line that was too many. */
  readonly neighbours = new BannedNeighbours<EvidenceLine>();
  /** Batches that were taken, oldest first. */
  readonly #batches = new Map<string, BatchName>();
  readonly #recentBlocks = new RecentBlocks();

  /** `seed` varies the hash of addresses; any 32-bit integer. */
  constructor(seed: number) {
    this.#rows = new DecisionRows(seed);
  }

  /** Entries by class. */
  get entryCounts(): Record<string, number> {
    return Object.fromEntries(this.#entryCounts);
  }

  /** Takes in entry `index`. */
  apply(index: bigint, entry: LedgerEntry): void {
    this.#entryCounts.set(entry.class, (this.#entryCounts.get(entry.class) ?? 0) + 1);
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
      for (let row = 0; row < this.#rows.size; row += 1) if (this.#rows.has(row, rowFlag.first)) this.#share(row);
      this.#shared.setNow(now);
    }
    return this.#shared.handle;
  }

  /** Drops from the look-up what ended at `now` or before. Where the clock was set back, what it had ended goes on. */
  expire(now: number): void {
    this.#shared?.setNow(now);
    if (now < this.#endedTo) this.#resume(now);
    for (const row of this.#rows.ended(now)) {
      this.#leaveForce(row);
      this.#endedTo = Math.max(this.#endedTo, this.#rows.until(row));
    }
  }

  /** Puts back what was dropped and ends after `now`. O(decisions), when a clock goes back over an end. */
  #resume(now: number): void {
    const endedTo = this.#endedTo;
    this.#endedTo = now;
    for (let row = 0; row < this.#rows.size; row += 1) {
      const end = this.#rows.until(row);
      const isOver = end <= now || end > endedTo || this.#rows.held(row) === 'revoked';
      if (!isOver && !this.#rows.has(row, rowFlag.placed)) this.#place(row);
    }
  }

  /** The decision that blocks a canonical target in a domain at a time, the longest running first. */
  blocking(target: BlockTarget, domain: string | undefined, at: number): Decision | undefined {
    const prefix = targetPrefix(target);
    if (prefix !== undefined) return this.blockingNetwork(prefix.address, domain, at, prefix.length);
    return this.#decisionAt(this.#longestOn(this.#rows.firstOn(target), domain, at, -1), at);
  }

  /** The same for an IPv4 address as an integer; `at` is asked for only where something may block. */
  blockingIpv4(address: number, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    return this.#blockingCovering(this.#rows.coveringIpv4(address, this.#covering), domain, at);
  }

  /** The same for the words of an address of IPv6. */
  blockingIpv6(words: Uint32Array, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    return this.#blockingCovering(this.#rows.coveringIpv6(words, this.#covering), domain, at);
  }

  /** The same for any address. */
  blockingAddress(address: IpAddress, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    return this.#blockingCovering(this.#rows.covering(address, this.#covering), domain, at);
  }

  /** What blocks on the first so many networks of `#covering`. */
  #blockingCovering(count: number, domain: string | undefined, at: number | (() => number)): Decision | undefined {
    if (count === 0) return undefined;
    const now = typeof at === 'number' ? at : at();
    let longest = -1;
    for (let index = 0; index < count; index += 1)
      longest = this.#longestOn(this.#covering[index]!, domain, now, longest);
    return this.#decisionAt(longest, now);
  }

  /** The same for an address, or a network of `length` bits: one that blocks all of it. */
  blockingNetwork(address: IpAddress, domain: string | undefined, at: number, length = 128): Decision | undefined {
    let longest = -1;
    for (const first of this.#around(address, length)) longest = this.#longestOn(first, domain, at, longest);
    return this.#decisionAt(longest, at);
  }

  /** Every decision in force on a canonical target at a time, those on networks around it included, narrowest first. */
  inForceOn(target: BlockTarget, at: number): Decision[] {
    const prefix = targetPrefix(target);
    const firsts = prefix === undefined ? [this.#rows.firstOn(target)] : this.#around(prefix.address, prefix.length);
    const found: Decision[] = [];
    for (const first of firsts) {
      for (let row = first; row >= 0; row = this.#rows.next(row)) {
        if (at >= this.#rows.endOfFound(row)) continue;
        found.push(this.#decisionAt(row, at));
      }
    }
    return found;
  }

  /** The oldest decisions on all networks around an address that have at most `length` bits, longest first. */
  #around(address: IpAddress, length: number): number[] {
    const count = this.#rows.covering(address, this.#covering);
    return [...this.#covering.subarray(0, count)].filter((row) => this.#rows.length(row) <= length);
  }

  /** The row of whichever runs longest: `longest`, or one of a target's that blocks in a domain at a time. */
  #longestOn(first: number, domain: string | undefined, at: number, longest: number): number {
    let found = longest;
    for (let row = first; row >= 0; row = this.#rows.next(row)) {
      const end = this.#rows.endOfFound(row);
      if (at >= end) continue;
      const { action, domains } = this.#forms.get(this.#rows.form(row));
      if (action === 'observe') continue;
      if (domain !== undefined && domains !== 'all' && !domains.includes(domain)) continue;
      if (found < 0 || end > this.#rows.until(found)) found = row;
    }
    return found;
  }

  /**
   * Whether at a time, whatever became of it since, a decision stood on somebody in a domain, or had just ended: then a
   * refusal that a log shows is its doing.
   */
  wasInForce(actors: readonly BlockTarget[], domain: string, time: number): boolean {
    if (this.#rows.size === 0) return false;
    return actors.some((actor) => {
      if (actor.kind !== 'ip') return this.#stood(this.#rows.firstOn(actor), domain, time);
      return this.#around(requireIpAddress(actor.value), 128).some((first) => this.#stood(first, domain, time));
    });
  }

  /** Whether a decision of a target was carried out in a domain at a time, or up to a moment before. */
  #stood(first: number, domain: string, time: number): boolean {
    const isCovered = (one: string) => one === domain || (webDomains.has(one) && webDomains.has(domain));
    for (let row = first; row >= 0; row = this.#rows.next(row)) {
      const { revokedAt } = this.#facts(row);
      if (this.#rows.held(row) !== 'active' && revokedAt === undefined) continue;
      const { action, domains } = this.#forms.get(this.#rows.form(row));
      if (action === 'observe' || (domains !== 'all' && !domains.some(isCovered))) continue;
      const end = Math.min(this.#rows.until(row), revokedAt ?? Number.POSITIVE_INFINITY);
      if (this.#rows.from(row) < time && time < end + enforcementLagMs) return true;
    }
    return false;
  }

  /** A batch that was taken; the newest hundred thousand are known. */
  batch(name: string): BatchName | undefined {
    return this.#batches.get(name);
  }

  decision(id: bigint, at: number): Decision | undefined {
    return this.#decisionAt(this.#rows.rowOf(id), at);
  }

  /** All decisions, oldest first. */
  *decisions(at: number): Generator<Decision> {
    for (let row = 0; row < this.#rows.size; row += 1) yield this.#decisionAt(row, at);
  }

  /** How many decisions are in each state at a time. */
  states(at: number): Record<DecisionState, number> {
    const counts: Record<DecisionState, number> = { active: 0, 'pending-review': 0, revoked: 0, expired: 0 };
    for (let row = 0; row < this.#rows.size; row += 1) counts[this.#stateAt(row, at)] += 1;
    return counts;
  }

  /** Decisions on a target, oldest first. */
  earlier(target: BlockTarget): EarlierDecision[] {
    const found: EarlierDecision[] = [];
    for (let row = this.#rows.firstOn(target); row >= 0; row = this.#rows.next(row)) {
      const { action, domains } = this.#forms.get(this.#rows.form(row));
      found.push({
        id: this.#rows.id(row),
        from: this.#rows.from(row),
        until: endToUntil(this.#rows.until(row)),
        action,
        domains,
        scenarios: this.#scenarios(row),
        held: this.#rows.held(row),
      });
    }
    return found;
  }

  /** Every target that was ever decided on, with its decisions, in the order of the first. */
  *targets(at: number): Generator<{ target: BlockTarget; decisions: Decision[]; scenarios: string[] }> {
    for (let first = 0; first < this.#rows.size; first += 1) {
      if (!this.#rows.has(first, rowFlag.first)) continue;
      const rows = this.#rowsFrom(first);
      const scenarios = new Set(rows.flatMap((row) => [...this.#scenarios(row)]));
      const decisions = rows.map((row) => this.#decisionAt(row, at));
      yield { target: this.#rows.target(first), decisions, scenarios: [...scenarios] };
    }
  }

  /** Entries that changed a decision, oldest first. */
  history(id: bigint): readonly bigint[] {
    const row = this.#rows.rowOf(id);
    return row < 0 ? nothing : (this.#facts(row).history ?? nothing);
  }

  /** Decisions in force that touch a network. */
  inForceWithin(network: IpPrefix): bigint[] {
    const only = new NetworkSet([network]);
    const found: bigint[] = [];
    for (let row = 0; row < this.#rows.size; row += 1) {
      if (!this.#rows.has(row, rowFlag.placed) || this.#rows.held(row) === 'revoked') continue;
      if (only.touches(this.#rows.network(row)!)) found.push(this.#rows.id(row));
    }
    return found;
  }

  /** A target's score at a time: what its overflows added, halved every day. */
  scoreAt(target: BlockTarget, time: number): number {
    const first = this.#rows.firstOn(target);
    const held = first < 0 ? this.#scores.get(targetKey(target)) : this.#noted(this.#lastOf(first));
    return held === undefined ? 0 : held.score * 0.5 ** (Math.max(0, time - held.time) / scoreHalfLifeMs);
  }

  /** The score of a target, given its youngest row. */
  #noted(row: number): NotedScore | undefined {
    if (this.#rows.has(row, rowFlag.scoreVoid)) return undefined;
    const { noted } = this.#facts(row);
    return noted ?? { score: this.#forms.get(this.#rows.form(row)).score, time: this.#rows.from(row) };
  }

  /** Blocks that rules made in the minute up to `time`, of one scenario when it is given. */
  recentBlocks(time: number, scenario?: string): number {
    return this.#recentBlocks.count(time, scenario);
  }

  /** Whether an entry of a decision holds a line with this digest, as far as its digests are kept. */
  isEvidence(id: bigint, digest: string): boolean {
    const row = this.#rows.rowOf(id);
    if (row < 0) return false;
    return this.#digests.has(this.#facts(row).evidence ?? [this.#rows.evidence(row)], digest);
  }

  /** Whether an overflow has had its effect. */
  hasOverflow(key: string): boolean {
    return this.#overflows.has(key);
  }

  #applyDecision(id: bigint, { fact, personal }: DecisionEntry): void {
    if (personal === undefined) return;
    const { target, reason, evidence } = personal;
    const { action, domains, scenario, origin, score, eventCount, rail } = fact;
    const row = this.#rows.add({
      id,
      target,
      from: fact.from,
      until: fact.until ?? Number.POSITIVE_INFINITY,
      form: this.#forms.add({ action, domains, reason, scenario, origin, score, eventCount, rail }),
      evidence: this.#digests.add(evidence.map(({ digest }) => digest)),
      held: fact.held,
    });
    if (this.#rows.has(row, rowFlag.first)) this.#scores.delete(targetKey(target));
    if (fact.time !== fact.from) this.#change(row).noted = { score, time: fact.time };
    this.#noteOverflow(personal.overflow);
    this.#place(row);
    this.#noteNeighbour(row, fact.time, evidence.at(-1));
    if (fact.held === 'active' && fact.origin === 'scenario') this.#recentBlocks.note(fact.time, fact.scenario.name);
  }

  #applyExtension(index: bigint, { fact, personal }: ExtensionEntry): void {
    const row = this.#rows.rowOf(BigInt(fact.decision));
    if (row < 0) return;
    const { eventCount, extensions = 0, history = nothing } = this.#facts(row);
    const known = this.#scenarios(row);
    const facts = this.#change(row);
    this.#rows.setUntil(row, fact.until ?? Number.POSITIVE_INFINITY);
    facts.score = fact.score;
    facts.eventCount = (eventCount ?? this.#forms.get(this.#rows.form(row)).eventCount) + fact.eventCount;
    facts.extensions = extensions + 1;
    if (!known.has(fact.scenario.name)) facts.scenarios = this.#forms.with(known, fact.scenario.name);
    facts.history = [...history, index];
    this.#addEvidence(row, facts, personal?.evidence ?? nothing);
    this.#noteScoreOn(row, fact.score, fact.time);
    this.#noteOverflow(personal?.overflow);
    this.#noteNeighbour(row, fact.time, personal?.evidence.at(-1));
    if (!this.#rows.has(row, rowFlag.placed)) this.#place(row);
    else this.#share(row);
  }

  #applyRefusal({ fact, personal }: RefusalEntry): void {
    if (personal === undefined) return;
    this.#noteOverflow(personal.overflow);
    this.#noteScore(personal.target, fact.score, fact.time);
  }

  #applyRevocation(index: bigint, { fact }: RevocationEntry): void {
    const row = this.#rows.rowOf(BigInt(fact.decision));
    if (row < 0 || this.#rows.held(row) === 'revoked') return;
    this.#leaveForce(row);
    const { history = nothing } = this.#facts(row);
    const facts = this.#change(row);
    if (this.#rows.held(row) === 'active') facts.revokedAt = fact.time;
    this.#rows.revoke(row);
    const target = this.#rows.target(row);
    if (target.kind === 'ip') this.neighbours.forget(target.value);
    // What was taken back proves nothing: else a second mistake would be believed where the first was not.
    this.#rows.set(this.#lastOf(row), rowFlag.scoreVoid, true);
    facts.history = [...history, index];
  }

  #applyAllowList({ fact, personal }: AllowListEntry): void {
    if (personal === undefined) return;
    const network = requireIpPrefix(personal.network);
    if (fact.change === 'add') this.allowList.add(network);
    else this.allowList.delete(network);
  }

  /** Puts a decision where look-ups find it. */
  #place(row: number): void {
    const network = this.#rows.network(row);
    if (network === undefined) return;
    const isFirst = this.#rows.held(row) === 'active' && !this.#isInForce(network);
    this.#rows.place(row);
    if (isFirst) this.blockedAddresses += addressesOf(network);
    this.#share(row);
  }

  #leaveForce(row: number): void {
    if (!this.#rows.has(row, rowFlag.placed)) return;
    const network = this.#rows.network(row)!;
    this.#rows.displace(row);
    const wasLast = this.#rows.held(row) === 'active' && !this.#isInForce(network);
    if (wasLast) this.blockedAddresses -= addressesOf(network);
    this.#share(row);
  }

  /** Whether there is a decision in force on exactly this network. */
  #isInForce(network: IpPrefix): boolean {
    for (let row = this.#rows.firstOnNetwork(network); row >= 0; row = this.#rows.next(row)) {
      if (this.#rows.has(row, rowFlag.placed) && this.#rows.held(row) === 'active') return true;
    }
    return false;
  }

  /** Tells other threads what is on the network of a row. */
  #share(row: number): void {
    const network = this.#shared === undefined ? undefined : this.#rows.network(row);
    if (network === undefined) return;
    const blockings: NetworkBlocking[] = [];
    for (const one of this.#rowsFrom(this.#rows.firstOnNetwork(network))) {
      if (!this.#rows.has(one, rowFlag.placed) || this.#rows.held(one) !== 'active') continue;
      const { action, domains } = this.#forms.get(this.#rows.form(one));
      if (action === 'observe') continue;
      blockings.push({ id: this.#rows.id(one), action, domains, until: endToUntil(this.#rows.until(one)) });
    }
    this.#shared!.set(network, blockings);
  }

  // ------------------------------------------------------------------------------------------------------- of one row

  #facts(row: number): ExtraFacts {
    return this.#rows.has(row, rowFlag.extra) ? this.#extras.get(row)! : noFacts;
  }

  /** The facts of a row, to be changed; what was kept of it is old. */
  #change(row: number): ExtraFacts {
    if (this.#keptRows[row % maxKept] === row) this.#kept[row % maxKept] = undefined;
    const known = this.#extras.get(row);
    if (known !== undefined) return known;
    const facts: ExtraFacts = {};
    this.#extras.set(row, facts);
    this.#rows.set(row, rowFlag.extra, true);
    return facts;
  }

  #scenarios(row: number): ReadonlySet<string> {
    return this.#facts(row).scenarios ?? this.#forms.get(this.#rows.form(row)).scenarios;
  }

  #evidence(row: number): readonly string[] {
    const { evidence } = this.#facts(row);
    if (evidence === undefined) return this.#digests.list(this.#rows.evidence(row));
    return evidence.flatMap((number) => this.#digests.list(number));
  }

  /** Adds the digests of an extension to those of a row, as many as have a place. */
  #addEvidence(row: number, facts: ExtraFacts, added: readonly EvidenceLine[]): void {
    const { evidence = [this.#rows.evidence(row)] } = facts;
    const count = facts.evidenceCount ?? this.#digests.length(this.#rows.evidence(row));
    const kept = added.slice(0, Math.max(0, maxEvidenceDigests - count)).map(({ digest }) => digest);
    facts.evidence = kept.length === 0 ? evidence : [...evidence, this.#digests.add(kept)];
    facts.evidenceCount = count + kept.length;
  }

  #rowsFrom(first: number): number[] {
    const rows: number[] = [];
    for (let row = first; row >= 0; row = this.#rows.next(row)) rows.push(row);
    return rows;
  }

  #lastOf(some: number): number {
    let last = some;
    for (let next = this.#rows.next(last); next >= 0; next = this.#rows.next(last)) last = next;
    return last;
  }

  #stateAt(row: number, at: number): DecisionState {
    const held = this.#rows.held(row);
    return held === 'revoked' || at < this.#rows.until(row) ? held : 'expired';
  }

  #decisionAt(row: number, at: number): Decision;
  #decisionAt(row: number, at: number): Decision | undefined {
    if (row < 0) return undefined;
    const state = this.#stateAt(row, at);
    const place = row % maxKept;
    if (this.#askedRows[place] !== row) {
      // The first time only its row is noted: a decision that is kept outlives garbage collections and is moved by them.
      this.#askedRows[place] = row;
      return this.#makeDecision(row, state);
    }
    const kept = this.#kept[place];
    if (kept?.state === state && this.#keptRows[place] === row) return kept;
    const made = this.#makeDecision(row, state);
    this.#kept[place] = made;
    this.#keptRows[place] = row;
    return made;
  }

  #makeDecision(row: number, state: DecisionState): Decision {
    const { action, domains, reason, scenario, origin, score, eventCount, rail } = this.#forms.get(
      this.#rows.form(row),
    );
    const facts = this.#facts(row);
    return {
      id: this.#rows.id(row),
      target: this.#rows.target(row),
      action,
      domains,
      reason,
      scenario,
      origin,
      from: this.#rows.from(row),
      until: endToUntil(this.#rows.until(row)),
      score: facts.score ?? score,
      evidence: this.#evidence(row),
      eventCount: facts.eventCount ?? eventCount,
      extensions: facts.extensions ?? 0,
      state,
      rail,
    };
  }

  #noteScore(target: BlockTarget, score: number, time: number): void {
    const first = this.#rows.firstOn(target);
    if (first >= 0) {
      this.#noteScoreOn(first, score, time);
      return;
    }
    const key = targetKey(target);
    this.#scores.delete(key);
    this.#scores.set(key, { score, time });
    if (this.#scores.size > maxScores) this.#scores.delete(this.#scores.keys().next().value!);
  }

  /** The same, given a row of the target. */
  #noteScoreOn(row: number, score: number, time: number): void {
    const last = this.#lastOf(row);
    this.#change(last).noted = { score, time };
    this.#rows.set(last, rowFlag.scoreVoid, false);
  }

  #noteOverflow(key: string | undefined): void {
    if (key !== undefined) addBounded(this.#overflows, key, maxOverflowKeys);
  }

  #noteBatch(batch: BatchName): void {
    this.#batches.set(batch.batch, batch);
    if (this.#batches.size > maxBatches) this.#batches.delete(this.#batches.keys().next().value!);
  }

  #noteNeighbour(row: number, time: number, evidence: EvidenceLine | undefined): void {
    const { action, origin } = this.#forms.get(this.#rows.form(row));
    if (action !== 'ban' || origin !== 'scenario' || this.#rows.held(row) !== 'active') return;
    const target = this.#rows.target(row);
    if (target.kind === 'ip') this.neighbours.note(target.value, time, evidence);
  }
}

/** Adds a text to a set that forgets the oldest. */
function addBounded(set: Set<string>, text: string, limit: number): void {
  set.add(text);
  if (set.size > limit) set.delete(set.values().next().value!);
}

function addressesOf(prefix: IpPrefix): number {
  return prefix.address.family === 4 ? 2 ** (32 - prefix.length) : 0;
}

function endToUntil(end: number): number | null {
  return end === Number.POSITIVE_INFINITY ? null : end;
}
