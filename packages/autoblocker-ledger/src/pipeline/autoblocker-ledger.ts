// The whole: reads logs, takes events, decides, answers who is blocked and why. Everything that it knows is in its ledger,
// so that it goes on after a crash where it stopped.

import { type OperationContext, type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { canonicalJson, sha256 } from '@tenstrip/shared-core/crypto';
import { LogWriter } from '@tenstrip/shared-core/durable-log';
import type { z } from 'zod';
import { CrossDomainDetector, crossDomainMemoryMs, crossDomainRule } from '../correlation/index.js';
import {
  type BlockProposal,
  canonicalTarget,
  checked,
  type Decision,
  type DecisionOutcome,
  escalationFrom,
  networkRecidiveRule,
  neverBlocked,
  type RailVerdict,
  RecentSuccesses,
  type RevokeReason,
  readSelfAddresses,
  revokeReasonSchema,
} from '../decisions/index.js';
import { type BlockTarget, EventKeeper, type LineSource, type SecurityEvent, targetKey } from '../events/index.js';
import {
  BlockLedger,
  type DecisionChange,
  type Explanation,
  LedgerPolicyState,
  logFolder,
  memoryFolder,
  openSigner,
  type VerificationReport,
  verifyLog,
} from '../ledger/index.js';
import {
  formatIpPrefix,
  isMapped,
  NetworkSet,
  parseIpv4,
  parseIpv6,
  requireIpPrefix,
  type SharedLookupHandle,
} from '../lookup/index.js';
import type { RuleSet } from '../rules/index.js';
import { builtInScenarios, PatternDetector, type Scenario } from '../scenarios/index.js';
import { type AutoblockerOptions, checkedOptions } from './autoblocker-options.js';
import {
  checkCall,
  checkCursor,
  checkedNote,
  checkFollowing,
  checkIndex,
  checkLines,
  checkMoment,
  checkQuery,
  checkReading,
  checkVerification,
} from './call-arguments.js';
import { DecisionMaker } from './decision-maker.js';
import { EventIntake } from './event-intake.js';
import type {
  ActorRecord,
  CallOptions,
  DecisionQuery,
  IngestOptions,
  IngestReceipt,
  LedgerStatistics,
  LineOptions,
  LineReceipt,
  RevocationReceipt,
} from './ledger-calls.js';
import { LogReading } from './log-reading.js';
import type { ReadLogsOptions, ReadReport } from './read-report.js';
import { ReadTally } from './read-tally.js';
import { rulesAsRecorded } from './recorded-rules.js';
import { checkScenarioNames } from './scenario-names.js';

/** Logins matter to the rails for a day, so a restart looks back as far. */
const successMemoryMs = 86_400_000;
/** Where carriers put many subscribers behind one address (RFC 6598). */
const carrierNat = '100.64.0.0/10';
/** The host's own addresses are read again after this time. */
const selfRefreshMs = 60_000;
/** Of a note about an allow-listed network, so much is kept. */
const maxNoteLength = 1024;
/** The address that {@link AutoblockerLedger.isBlocked} is about: read before anything else runs. */
const asked = new Uint32Array(4);

interface LedgerParts {
  readonly folder: string;
  readonly governor: ResourceGovernor;
  readonly log: LogWriter;
  readonly ledger: BlockLedger;
  readonly detector: PatternDetector;
  readonly crossDomain: CrossDomainDetector;
  readonly state: LedgerPolicyState;
  readonly successes: RecentSuccesses;
  readonly wipeSigner: () => void;
  readonly scenarios: readonly Scenario[];
  readonly rules: RuleSet | undefined;
  readonly fixedSelf: readonly string[];
  readonly banMs: number;
  readonly eventTime: boolean;
}

/** A blocker whose every decision is an entry of a provable ledger. */
export class AutoblockerLedger implements AsyncDisposable {
  /** The rules that it runs. */
  readonly scenarios: readonly Scenario[];
  /** Its folder, or `memory:`. */
  readonly folder: string;
  readonly #parts: LedgerParts;
  readonly #ledger: BlockLedger;
  readonly #maker: DecisionMaker;
  readonly #reading: LogReading;
  readonly #intake: EventIntake;
  #newestEvent = 0;
  readonly #readNow = () => this.now;
  #selfReadAt = Number.NEGATIVE_INFINITY;
  #closed: Promise<void> | undefined;

  /**
   * Opens a ledger, or makes one. It has one writer: a second `open` of the same folder is `LogLocked`.
   * @throws TenstripError `OptionsInvalid`, `TargetInvalid`, `ScenarioInvalid`, `SigningKeyInvalid`, `EntryInvalid`, and
   * shared-core's `LogLocked`, `LogCorrupt`, `CheckpointFork`, `LogUnavailable`, `CapabilityDenied`.
   */
  static async open(options: AutoblockerOptions): Promise<AutoblockerLedger> {
    const given = checkedOptions(options);
    const governor = given.governor ?? ungoverned;
    const scenarios = scenariosOf(given);
    const keeper = new EventKeeper();
    const detector = new PatternDetector(scenarios, given.maxBuckets, keeper);
    checkScenarioNames(given.rules === undefined ? scenarios : (given.scenarios ?? []), given.rules);
    const fixedSelf = [...neverBlocked, ...given.adminPeers.map((peer) => formatIpPrefix(requireIpPrefix(peer)))];
    const allowed = given.allowList.map((network) => formatIpPrefix(requireIpPrefix(network)));
    const shared = new NetworkSet([carrierNat, ...given.sharedNetworks].map(requireIpPrefix));
    const folder = await grantedFolder(given.folder, governor);
    const entropy = (length: number) => governor.entropy(length);
    const { signer, verifierKey, wipe } = await openSigner({
      folder,
      origin: given.origin,
      signer: given.signer,
      passphrase: given.passphrase,
      entropy,
    });
    const log = await LogWriter.open({
      folder: logFolder(folder),
      origin: given.origin,
      signer,
      durability: given.durability,
      resources: governor,
    }).catch((error: unknown) => {
      wipe();
      throw error;
    });
    try {
      const ledger = await BlockLedger.open({ log, verifierKey, entropy });
      const successes = new RecentSuccesses();
      const self = new NetworkSet(fixedSelf.map(requireIpPrefix));
      const { projections } = ledger;
      const state = new LedgerPolicyState({ projections, successes, self, shared, limits: given.rails });
      const isShared = (address: BlockTarget, time: number) => state.isShared(address, time);
      const crossDomain = new CrossDomainDetector(isShared, undefined, keeper);
      const opened = new AutoblockerLedger({
        folder,
        governor,
        log,
        ledger,
        detector,
        crossDomain,
        state,
        successes,
        wipeSigner: wipe,
        scenarios,
        rules: given.rules,
        fixedSelf,
        banMs: given.banMs,
        eventTime: (given.time ?? (governor.deterministic ? 'events' : 'clock')) === 'events',
      });
      await opened.#begin(allowed);
      return opened;
    } catch (error) {
      await log[Symbol.asyncDispose]();
      wipe();
      throw error;
    }
  }

  private constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#ledger = parts.ledger;
    this.folder = parts.folder;
    this.scenarios = parts.scenarios;
    this.#maker = new DecisionMaker({
      ...parts,
      escalation: escalationFrom(parts.banMs),
      clockNow: () => parts.governor.clock.now(),
      now: () => this.now,
      latest: () => this.#latest,
    });
    this.#reading = new LogReading({
      ...parts,
      memoryMs: Math.max(parts.detector.memoryMs, crossDomainMemoryMs, successMemoryMs),
      clockNow: () => this.#latest,
      observe: (event, replayed) => this.#observe(event, replayed),
      ready: () => this.#ready(),
      times: () => this.#times(),
      flush: () => this.#flush(),
    });
    this.#intake = new EventIntake({
      ledger: parts.ledger,
      parserOf: (options) => this.#reading.parserOf(options.source, undefined, options),
      observe: (event, tell) => this.#observe(event, false, tell),
      latest: () => this.#latest,
      ready: () => this.#ready(),
      times: () => this.#times(),
      flush: () => this.#flush(),
      run: (name, options, body) => this.#run(name, options, body),
    });
  }

  /** The key that checkpoints are signed with, as a C2SP vkey. Whoever audits the ledger needs it from you, not from the ledger. */
  get verifierKey(): string {
    return this.#ledger.verifierKey;
  }

  /** Entries in the ledger. */
  get size(): bigint {
    return this.#ledger.size;
  }

  /** Entries that are durable: {@link changesSince} gives changes up to here. */
  get durableSize(): bigint {
    return this.#ledger.durableSize;
  }

  /** The newest signed checkpoint. Kept elsewhere, it shows later that no tail was cut off. */
  get checkpoint(): string {
    return this.#ledger.checkpoint;
  }

  /** What "now" means here, in milliseconds since 1970: see the option `time`. */
  get now(): number {
    const { eventTime, governor } = this.#parts;
    return eventTime ? Math.max(this.#newestEvent, this.#ledger.projections.newestTime) : governor.clock.now();
  }

  /** Milliseconds of a clock that never goes back, the ledger's governor's: for rates and waits. */
  get monotonicMs(): number {
    return this.#parts.governor.clock.monotonicMs();
  }

  // ------------------------------------------------------------------------------------------------------- intake

  /**
   * Reads log files to their ends, all together in the order of their events' times, and decides. A file that was read
   * before is read from where that reading came. Formats are recognised line by line: sshd by syslog, access logs of
   * Apache and nginx.
   * @throws TenstripError `SourceUnreadable` when no file at all can be read; else such a file is counted as skipped.
   * `LogUnavailable` when the ledger's disk refuses: the next reading goes on where this one came.
   */
  async readLogs(
    files: readonly (string | LineSource)[],
    options: ReadLogsOptions & CallOptions = {},
  ): Promise<ReadReport> {
    checkReading(files, options);
    const tally = new ReadTally();
    // The signal ends a reading and does not fail it: it is not the operation's.
    const context = options.context === undefined ? {} : { context: options.context };
    await this.#run('read-logs', context, async (op) => {
      await this.#reading.toEnd(files, options, tally, op);
    });
    return tally.report(this.checkpoint);
  }

  /**
   * Reads log files to their ends and then follows them, over rotation and truncation, until the signal aborts. While the
   * ledger's disk refuses, it reads nothing, says so in the governor's log, and tries again until it finds room.
   * @throws TenstripError `SourceUnreadable` when no file at all can be read.
   */
  async follow(
    files: readonly string[],
    options: ReadLogsOptions & CallOptions & { signal: AbortSignal },
  ): Promise<ReadReport> {
    checkFollowing(files, options);
    const tally = new ReadTally();
    const op = options.context ?? this.#parts.governor.context({ name: 'follow' });
    const found = await this.#reading.toEnd(files, options, tally, op, options.signal);
    await this.#reading.follow(found, options, tally, op);
    return tally.report(this.checkpoint);
  }

  /**
   * Takes events of the caller. Resolves when what they led to is durable.
   * @throws TenstripError `EventInvalid`, `TargetInvalid`, `OptionsInvalid`, `BatchReused`, before any of them has an effect.
   */
  async ingest(events: SecurityEvent | readonly SecurityEvent[], options: IngestOptions = {}): Promise<IngestReceipt> {
    checkCall(options);
    return this.#intake.take(events, options);
  }

  /**
   * Takes lines of logs, without their ends, as they would be read from a file. They are not asked for again after a crash: give
   * them a `batch`, and give them again until they are acknowledged. @throws TenstripError `OptionsInvalid`, `BatchReused`
   */
  async ingestLines(lines: readonly string[], options: LineOptions): Promise<LineReceipt> {
    checkLines(lines, options);
    return this.#intake.takeLines(lines, options);
  }

  // ------------------------------------------------------------------------------------------------------ decisions

  /** Puts a block before the rails, for a person or another program. Resolves when the outcome is durable. */
  async addBlock(proposal: BlockProposal, options: CallOptions = {}): Promise<DecisionOutcome> {
    checkCall(options);
    return this.#run('add-block', options, async () => {
      await this.#ready();
      const outcome = this.#maker.propose(proposal);
      await this.#flush();
      return outcome;
    });
  }

  /** What the rails would say to a block now. Nothing is recorded. @throws TenstripError `TargetInvalid` */
  judge(proposal: BlockProposal): RailVerdict {
    return this.#maker.judge(proposal);
  }

  /** Takes a decision back, at once. A second time changes nothing. @throws TenstripError `DecisionUnknown` */
  async revoke(id: bigint, reason: RevokeReason): Promise<RevocationReceipt> {
    const checkedReason = checked(revokeReasonSchema, reason, 'a reason to revoke');
    if (this.#ledger.refusal !== undefined) await this.#ledger.recover();
    const before = this.#ledger.requireDecision(id, this.now);
    const alreadyRevoked = before.state === 'revoked';
    const entry = alreadyRevoked ? undefined : this.#recordRevocation(id, checkedReason);
    await this.#flush();
    return { decision: this.#ledger.requireDecision(id, this.now), entry, alreadyRevoked };
  }

  /** Puts an address or network on the allow-list and revokes every decision that touches it. @throws TenstripError `TargetInvalid`, `OptionsInvalid` */
  async allow(network: string, note?: string): Promise<{ readonly revoked: readonly bigint[] }> {
    const canonical = formatIpPrefix(requireIpPrefix(network));
    const checkedText = checkedNote(note);
    if (this.#ledger.refusal !== undefined) await this.#ledger.recover();
    const revoked = this.#allow(canonical, 'call', checkedText);
    await this.#flush();
    return { revoked };
  }

  /** Takes exactly this network off the allow-list; whether it was on it. What was revoked stays revoked. */
  async disallow(network: string): Promise<boolean> {
    const prefix = requireIpPrefix(network);
    const canonical = formatIpPrefix(prefix);
    if (this.#ledger.refusal !== undefined) await this.#ledger.recover();
    if (!this.allowList().includes(canonical)) return false;
    this.#ledger.record({
      class: 'allow-list-change',
      fact: { ...this.#times(), change: 'remove', by: 'call' },
      personal: { network: canonical },
    });
    await this.#flush();
    return true;
  }

  /** Networks that are never blocked, beside the host's own. */
  allowList(): readonly string[] {
    return this.#ledger.projections.allowList.toArray();
  }

  // -------------------------------------------------------------------------------------------------------- answers

  /**
   * The decision that blocks a target in a domain, synchronously and from memory; covering networks count.
   * An address may be given as text. @throws TenstripError `TargetInvalid`
   */
  isBlocked(target: BlockTarget | string, domain?: string, at?: number): Decision | undefined {
    checkMoment(at);
    const { projections } = this.#ledger;
    if (typeof target === 'string') {
      const ipv4 = parseIpv4(target);
      if (ipv4 >= 0) return projections.blockingIpv4(ipv4, domain, at ?? this.#readNow);
      if (parseIpv6(target, asked)) {
        return isMapped(asked)
          ? projections.blockingIpv4(asked[3]!, domain, at ?? this.#readNow)
          : projections.blockingIpv6(asked, domain, at ?? this.#readNow);
      }
    }
    return projections.blocking(canonicalTarget(target), domain, at ?? this.now);
  }

  /**
   * Memory from which worker threads look up who is blocked, with `openSharedLookup` and without messages. It holds addresses
   * and networks, in force or to expire, and follows every change at once. Where "now" is the time of events, it is for these
   * threads that of the last commit. The same memory at every call; some 100 bytes a network.
   */
  sharedLookup(): SharedLookupHandle {
    return this.#ledger.projections.share(this.#parts.eventTime, this.now);
  }

  /**
   * Every decision in force on a target, those on networks around it included, narrowest first; `observe` too, in whatever
   * domain. @throws TenstripError `TargetInvalid`
   */
  decisionsOn(target: BlockTarget | string, at: number = this.now): readonly Decision[] {
    return this.#ledger.projections.inForceOn(canonicalTarget(target), at);
  }

  /** Decisions, oldest first. @throws TenstripError `OptionsInvalid`, `TargetInvalid`, when the first is asked for. */
  async *query(query: DecisionQuery = {}): AsyncGenerator<Decision> {
    checkQuery(query);
    const { from, to, state, at = this.now } = query;
    const key = query.target === undefined ? undefined : targetKey(canonicalTarget(query.target));
    for (const decision of this.#ledger.projections.decisions(at)) {
      if (key !== undefined && targetKey(decision.target) !== key) continue;
      if (from !== undefined && decision.from < from.getTime()) continue;
      if (to !== undefined && decision.from >= to.getTime()) continue;
      if (state === undefined || decision.state === state) yield decision;
    }
  }

  /** Everybody on whom there are decisions, in the order of the first. */
  actors(at: number = this.now): readonly ActorRecord[] {
    return Array.from(this.#ledger.projections.targets(at), ({ target, decisions, scenarios }) => ({
      target,
      decisions,
      scenarios,
      eventCount: decisions.reduce((sum, { eventCount }) => sum + eventCount, 0),
      firstSeen: decisions.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY),
      until: decisions.some(({ until }) => until === null)
        ? null
        : decisions.reduce((last, { until }) => Math.max(last, until ?? 0), 0),
    }));
  }

  /** Why a decision stands: rule, lines, proof, and the way back. @throws TenstripError `DecisionUnknown` */
  async explain(id: bigint): Promise<Explanation> {
    const rules = [...this.scenarios, crossDomainRule, networkRecidiveRule];
    const descriptions = new Map(rules.map(({ name, version, description }) => [`${name} ${version}`, description]));
    return this.#ledger.explain(id, this.now, descriptions);
  }

  /**
   * Changes of decisions after a cursor (-1n: all), loss-free: the last cursor seen is where to go on.
   * @throws TenstripError `OptionsInvalid`
   */
  changesSince(cursor: bigint): AsyncIterable<DecisionChange> {
    checkCursor(cursor);
    return this.#ledger.changesSince(cursor, () => this.now);
  }

  /** The inclusion of an entry as a C2SP tlog-proof. @throws TenstripError `OptionsInvalid` when there is no such entry. */
  async prove(index: bigint): Promise<string> {
    checkIndex(index, this.size);
    return this.#ledger.prove(index);
  }

  /** Verifies the whole ledger as it is on disk, against its own key. */
  async verify(
    options: { readonly checkpoint?: string; readonly signal?: AbortSignal } = {},
  ): Promise<VerificationReport> {
    checkVerification(options);
    await this.#flush();
    const { reader } = this.#parts.log;
    return verifyLog({ reader, verifierKey: this.verifierKey, earlier: options.checkpoint, signal: options.signal });
  }

  /** Counts, as one plain object. */
  statistics(): LedgerStatistics {
    const { now } = this;
    return {
      size: this.size,
      entries: { ...this.#ledger.projections.entryCounts },
      decisions: this.#ledger.projections.states(now),
      buckets: this.#parts.detector.statistics,
      actors: this.#parts.crossDomain.statistics,
      feedbackEvents: this.#maker.feedbackEvents,
      unwritten: { entries: this.#ledger.waitingCount, refusal: this.#ledger.refusal?.toJSON() },
      now,
    };
  }

  /** Makes everything durable and gives the folder free. A second call waits for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** See {@link AutoblockerLedger.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // --------------------------------------------------------------------------------------------------------- inside

  /** First entries of an opened ledger: rules that changed, allow-list entries that are new. */
  async #begin(allowed: readonly string[]): Promise<void> {
    await this.#refreshSelf();
    const rules = rulesAsRecorded(this.scenarios);
    const digest = Buffer.from(sha256(Buffer.from(canonicalJson(rules)))).toString('hex');
    if (digest !== this.#ledger.projections.rulesDigest) {
      const fact = { ...this.#times(), count: rules.length, digest };
      this.#ledger.record({ class: 'rule-change', fact, personal: { rules } });
    }
    const known = new Set(this.allowList());
    for (const network of allowed) if (!known.has(network)) this.#allow(network, 'options', undefined);
    await this.#flush();
  }

  #allow(network: string, by: 'options' | 'call', note: string | undefined): bigint[] {
    const { projections } = this.#ledger;
    if (!projections.allowList.toArray().includes(network)) {
      this.#ledger.record({
        class: 'allow-list-change',
        fact: { ...this.#times(), change: 'add', by },
        personal: { network, ...(note === undefined ? {} : { note: note.slice(0, maxNoteLength) }) },
      });
    }
    // What has ended is not taken back: the entry would say that it was wrong.
    projections.expire(this.now);
    const touched = projections.inForceWithin(requireIpPrefix(network));
    for (const id of touched) this.#recordRevocation(id, { code: 'allow-listed', text: network });
    return touched;
  }

  #recordRevocation(id: bigint, { code, text, by }: z.output<typeof revokeReasonSchema>): bigint {
    return this.#ledger.record({
      class: 'revocation',
      fact: { ...this.#times(), decision: String(id), code },
      personal: { ...(text === undefined ? {} : { text }), ...(by === undefined ? {} : { by }) },
    });
  }

  #observe(
    event: SecurityEvent,
    replayed: boolean,
    tell?: (outcome: DecisionOutcome) => void,
  ): ReturnType<DecisionMaker['observe']> {
    if (event.time > this.#newestEvent) this.#newestEvent = event.time;
    return this.#maker.observe(event, replayed, tell);
  }

  /** What no event may be ahead of: the clock, and nothing where events are the clock. */
  get #latest(): number {
    return this.#parts.eventTime ? Number.POSITIVE_INFINITY : this.#parts.governor.clock.now();
  }

  #times(): { time: number; recordedAt: number } {
    return { time: this.now, recordedAt: this.#parts.governor.clock.now() };
  }

  async #flush(): Promise<void> {
    await this.#ledger.flush();
    this.#ledger.projections.expire(this.now);
  }

  /** Before anything new is taken: nothing is where the disk still refuses what was taken before. */
  async #ready(): Promise<void> {
    await this.#ledger.recover();
    await this.#refreshSelf();
  }

  /** Reads the host's own addresses again when they may have changed. A deterministic ledger knows only those it is given. */
  async #refreshSelf(): Promise<void> {
    const { governor, state, fixedSelf } = this.#parts;
    const clock = governor.clock.monotonicMs();
    if (governor.deterministic || clock - this.#selfReadAt < selfRefreshMs) return;
    this.#selfReadAt = clock;
    state.self = new NetworkSet([...fixedSelf, ...(await readSelfAddresses())].map(requireIpPrefix));
  }

  #run<T>(name: string, options: CallOptions, body: (op: OperationContext) => Promise<T>): Promise<T> {
    const spec = options.signal === undefined ? { name } : { name, signal: options.signal };
    return (options.context ?? this.#parts.governor).run(spec, body);
  }

  async #close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      this.#ledger.close();
      try {
        await this.#parts.log[Symbol.asyncDispose]();
      } finally {
        this.#parts.wipeSigner();
      }
    }
  }
}

/** All scenarios that were asked for, or the built-in ones. */
function scenariosOf({ scenarios, rules }: ReturnType<typeof checkedOptions>): readonly Scenario[] {
  if (rules === undefined) return scenarios ?? builtInScenarios;
  return [...(scenarios ?? []), ...rules.scenarios];
}

async function grantedFolder(folder: string, governor: ResourceGovernor): Promise<string> {
  return folder === memoryFolder || !governor.sandboxed ? folder : governor.use('fs.write').resolve(folder);
}
