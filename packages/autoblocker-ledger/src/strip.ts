// The governed strip: the ledger's own calls, with checked JSON in and out. Ids are decimal text here, as JSON has no bigint.

import { definePlugin, defineStrip, type PluginContext } from '@tenstrip/shared-core';
import { z } from 'zod';
import { type Decision, type DecisionOutcome, railCodes, railLimitsSchema } from './decisions/index.js';
import { dryRun, EnforcementLoop, NftablesEnforcer } from './enforcement/index.js';
import { type BlockTarget, blockTargetSchema, type SecurityEvent, securityEventSchema } from './events/index.js';
import { LapiServer } from './lapi/index.js';
import { LogLineParser } from './parsing/index.js';
import { AutoblockerLedger, type AutoblockerOptions, maxBucketsSchema } from './pipeline/index.js';
import { compileRules, type RuleSet } from './rules/index.js';
import { PatternDetector, type Scenario } from './scenarios/index.js';

type LedgerContext = PluginContext<AutoblockerLedger>;

const idSchema = z.string().regex(/^(?:0|[1-9]\d{0,18})$/, 'a decimal id');
const timeSchema = z.number().int();
const target = z.union([z.string().min(1).max(512), blockTargetSchema]);
const railCode = z.enum(railCodes);
const domains = z.union([z.literal('all'), z.array(z.string().min(1).max(64)).min(1).max(32)]);
const rule = z.object({ name: z.string(), version: z.string() });
const events = z.array(securityEventSchema).max(10_000);

const decisionSchema = z.object({
  id: idSchema,
  target: blockTargetSchema,
  action: z.enum(['ban', 'captcha', 'throttle', 'observe']),
  domains,
  reason: z.string(),
  scenario: rule,
  origin: z.enum(['scenario', 'person']),
  from: timeSchema,
  until: timeSchema.nullable(),
  score: z.number(),
  evidence: z.array(z.string()),
  eventCount: z.number().int(),
  extensions: z.number().int(),
  state: z.enum(['active', 'pending-review', 'revoked', 'expired']),
  rail: z.object({ code: railCode, detail: z.string() }).optional(),
});

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['decided', 'extended', 'unchanged']), decision: decisionSchema }),
  z.object({ kind: z.literal('review'), decision: decisionSchema, code: railCode, detail: z.string() }),
  z.object({ kind: z.literal('refused'), entry: idSchema, code: railCode, detail: z.string() }),
]);

const proposalSchema = z.object({
  target,
  action: z.enum(['ban', 'captcha', 'throttle', 'observe']).default('ban'),
  domains: domains.default('all'),
  reason: z.string().min(1).max(1024),
  origin: z.enum(['scenario', 'person']).default('person'),
  /** `null`: for ever, which only a person may ask for. Left out: as the escalation says. */
  durationMs: z.number().int().min(1).nullable().optional(),
});

const recordEvents = definePlugin({
  name: 'record-events',
  summary: 'Takes events, detects, decides and records; answers when it is durable',
  input: z.object({
    events,
    /** The caller's name for these events: a second time under it they are not counted. */
    batch: z.string().min(1).max(256).optional(),
  }),
  output: z.object({
    events: z.number().int(),
    repeated: z.boolean(),
    outcomes: z.array(outcomeSchema),
    checkpoint: z.string(),
  }),
  async execute(input, context: LedgerContext) {
    const batch = input.batch === undefined ? {} : { batch: input.batch };
    const receipt = await context.service.ingest(input.events as SecurityEvent[], { context, ...batch });
    return { ...receipt, outcomes: receipt.outcomes.map(plainOutcome) };
  },
});

const parseLogLines = definePlugin({
  name: 'parse-log-lines',
  summary: 'Reads lines of sshd and of HTTP access logs as events; records nothing',
  input: z.object({
    lines: z.array(z.string().max(8192)).max(10_000),
    source: z.string().max(4096).default('lines'),
    utcOffsetMinutes: z.number().int().min(-1440).max(1440).default(0),
    /** Dates without a year are given the newest year that is not after this. */
    newestTime: timeSchema.optional(),
  }),
  output: z.object({
    events: z.array(securityEventSchema),
    recognised: z.number().int(),
    unrecognised: z.number().int(),
  }),
  execute({ lines, source, utcOffsetMinutes, newestTime }, context: LedgerContext) {
    const parser = new LogLineParser(source, {
      utcOffsetMinutes,
      newestTime: () => newestTime ?? context.clock.now(),
    });
    const parsed = lines.map((text) => parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false }));
    const found = parsed.flatMap((line) => (line?.event === undefined ? [] : [plainEvent(line.event)]));
    const unrecognised = parsed.filter((line) => line === undefined).length;
    return { events: found, recognised: lines.length - found.length - unrecognised, unrecognised };
  },
});

const compileRulesPlugin = definePlugin({
  name: 'compile-rules',
  summary: "Compiles rules of CrowdSec's hub and tells what runs, and what is refused and why; records nothing",
  input: z.object({
    /** Paths say what a file is: `parsers/s01-parse/…`, `scenarios/…`. */
    files: z.array(z.object({ path: z.string().min(1).max(4096), text: z.string().max(1_048_576) })).max(2000),
    /** Texts of data files, by the name under which rules declare them. */
    dataFiles: z.record(z.string().max(256), z.string().max(16_777_216)).default({}),
  }),
  output: z.object({
    compiled: z.array(
      z.object({ file: z.string(), name: z.string(), kind: z.enum(['parser', 'scenario']), detail: z.string() }),
    ),
    refused: z.array(
      z.object({
        file: z.string(),
        line: z.number().int(),
        rule: z.string().optional(),
        construct: z.string(),
        problem: z.string(),
      }),
    ),
  }),
  execute({ files, dataFiles }) {
    const { report } = compileRules(files, { dataFiles: new Map(Object.entries(dataFiles)) });
    return {
      compiled: [...report.compiled],
      refused: report.refused.map(({ rule: name, ...refusal }) =>
        name === undefined ? refusal : { ...refusal, rule: name },
      ),
    };
  },
});

const detectPatterns = definePlugin({
  name: 'detect-patterns',
  summary: 'Which rules overflow for some events, from empty buckets; records nothing',
  input: z.object({ events }),
  output: z.object({
    overflows: z.array(
      z.object({
        scenario: rule,
        group: z.string(),
        time: timeSchema,
        eventCount: z.number().int(),
        evidence: z.array(z.string()),
      }),
    ),
  }),
  async execute(input, context: LedgerContext) {
    const detector = new PatternDetector(context.service.scenarios, 10_000);
    const overflows = [];
    for (const event of input.events as SecurityEvent[]) {
      for (const { scenario, group, time, eventCount, events: kept } of detector.offer(event)) {
        const { name, version } = scenario;
        overflows.push({
          scenario: { name, version },
          group,
          time,
          eventCount,
          evidence: kept.map((one) => one.evidence.digest),
        });
      }
      await context.checkpoint();
    }
    return { overflows };
  },
});

const proposeBlock = definePlugin({
  name: 'propose-block',
  summary: 'Puts a block before the rails and records the outcome',
  input: proposalSchema,
  output: outcomeSchema,
  async execute(input, context: LedgerContext) {
    return plainOutcome(await context.service.addBlock(wishOf(input), { context }));
  },
});

const applySafetyRails = definePlugin({
  name: 'apply-safety-rails',
  summary: 'What the rails would say to a block now; records nothing',
  input: proposalSchema,
  output: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('allow') }),
    z.object({ kind: z.enum(['throttle', 'refuse', 'review']), code: railCode, detail: z.string() }),
  ]),
  execute: (input, context: LedgerContext) => context.service.judge(wishOf(input)),
});

const checkTarget = definePlugin({
  name: 'check-target',
  summary: 'Whether an address or another target is blocked now, and by which decision',
  input: z.object({ target, domain: z.string().max(64).optional() }),
  output: z.object({ blocked: z.boolean(), decision: decisionSchema.optional() }),
  execute(input, context: LedgerContext) {
    const decision = context.service.isBlocked(input.target, input.domain);
    return decision === undefined ? { blocked: false } : { blocked: true, decision: plainDecision(decision) };
  },
});

const revokeBlock = definePlugin({
  name: 'revoke-block',
  summary: 'Takes a decision back',
  input: z.object({
    id: idSchema,
    reason: z.object({
      code: z.enum(['false-positive', 'appeal', 'allow-listed', 'mistake', 'other']),
      text: z.string().max(1024).optional(),
      by: z.string().max(256).optional(),
    }),
  }),
  output: z.object({ decision: decisionSchema, alreadyRevoked: z.boolean() }),
  async execute({ id, reason: { code, text, by } }, { service }: LedgerContext) {
    const reason = { code, ...(text === undefined ? {} : { text }), ...(by === undefined ? {} : { by }) };
    const { decision, alreadyRevoked } = await service.revoke(BigInt(id), reason);
    return { decision: plainDecision(decision), alreadyRevoked };
  },
});

const explainDecision = definePlugin({
  name: 'explain-decision',
  summary: 'Why a decision stands: rule, lines, proof, and the way back',
  input: z.object({ id: idSchema }),
  output: z.object({
    decision: decisionSchema,
    rule: rule.extend({ description: z.string() }),
    evidence: z.array(
      z.object({
        digest: z.string(),
        line: z.string().optional(),
        source: z.string().optional(),
        offset: z.number().int().optional(),
        time: timeSchema,
      }),
    ),
    escalation: z.object({ earlier: z.number().int(), lengthMs: z.number().int().nullable() }),
    rails: z.array(z.object({ code: railCode, objection: z.string().optional() })),
    entry: z.string(),
    proof: z.string(),
    checkpoint: z.string(),
    verifierKey: z.string(),
    revocation: z.string(),
  }),
  async execute({ id }, { service }: LedgerContext) {
    const {
      decision,
      rule: name,
      evidence,
      escalation,
      rails,
      entry,
      proof,
      checkpoint,
      verifierKey,
      revocation,
    } = await service.explain(BigInt(id));
    return {
      decision: plainDecision(decision),
      rule: name,
      evidence: [...evidence],
      escalation,
      rails: rails.map(({ code, objection }) => (objection === undefined ? { code } : { code, objection })),
      entry,
      proof,
      checkpoint,
      verifierKey,
      revocation,
    };
  },
});

const proveEntry = definePlugin({
  name: 'prove-entry',
  summary: 'The inclusion of an entry in the signed log, as a C2SP tlog-proof',
  input: z.object({ index: idSchema }),
  output: z.object({ proof: z.string() }),
  execute: async ({ index }, { service }: LedgerContext) => ({ proof: await service.prove(BigInt(index)) }),
});

const verifyLedger = definePlugin({
  name: 'verify-ledger',
  summary: 'An independent pass over the whole ledger and all its proofs',
  input: z.object({ checkpoint: z.string().max(65_536).optional() }),
  output: z.object({
    verified: z.boolean(),
    size: idSchema,
    root: z.string(),
    checkpoint: z.string(),
    verifierKey: z.string(),
    entries: z.record(z.string(), z.number().int()),
    erased: z.number().int(),
    problems: z.array(z.object({ index: idSchema, code: z.string(), message: z.string() })),
  }),
  async execute({ checkpoint }, context: LedgerContext) {
    const earlier = checkpoint === undefined ? {} : { checkpoint };
    const report = await context.service.verify({ ...earlier, signal: context.signal });
    const problems = report.problems.map((problem) => ({ ...problem, index: String(problem.index) }));
    return { ...report, entries: { ...report.entries }, size: String(report.size), problems };
  },
});

const syncEnforcement = definePlugin({
  name: 'sync-enforcement',
  summary:
    'Brings nftables to what the ledger says, once; under a sandbox or in a dry run only says what nft would be told',
  optionalCapabilities: ['process'],
  requires: ['nft >= 1.0 and CAP_NET_ADMIN, unless it is a dry run'],
  input: z.object({
    dryRun: z.boolean().default(false),
    table: z.string().max(31).default('tenstrip'),
    hooks: z
      .array(z.enum(['input', 'forward', 'prerouting']))
      .min(1)
      .default(['input']),
    verdict: z.enum(['drop', 'reject']).default('drop'),
    namespace: z.string().max(64).optional(),
    domain: z.string().max(64).optional(),
  }),
  output: z.object({ applied: z.boolean(), blocks: z.number().int(), plan: z.string().optional() }),
  async execute({ dryRun: onlyPlan, namespace, domain, ...place }, context: LedgerContext) {
    const { governor } = context;
    const nftables = new NftablesEnforcer({ ...place, governor, ...(namespace === undefined ? {} : { namespace }) });
    let plan: string | undefined;
    const planned = onlyPlan || context.sandboxed || context.deterministic;
    const keepPlan = (script: string) => {
      plan = script;
    };
    const enforcer = planned ? dryRun(nftables, keepPlan) : nftables;
    await using loop = new EnforcementLoop({
      ledger: context.service,
      enforcer,
      governor,
      ...(domain === undefined ? {} : { domain }),
    });
    const { add } = await loop.syncOnce();
    return { applied: !planned, blocks: add.length, ...(plan === undefined ? {} : { plan }) };
  },
});

const serveDecisions = definePlugin({
  name: 'serve-decisions',
  summary: 'Serves bouncers by CrowdSec’s local API until the call is aborted; answers with where it listened',
  optionalCapabilities: ['net'],
  input: z.object({
    host: z.string().min(1).max(255).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(8080),
    bouncers: z
      .array(z.object({ name: z.string(), key: z.string(), domain: z.string().optional() }))
      .min(1)
      .max(1000),
    /** How long, in milliseconds; the abort of the call ends it before. */
    forMs: z.number().int().min(1).optional(),
  }),
  output: z.object({ host: z.string(), port: z.number().int() }),
  async execute({ host, port, bouncers, forMs }, context: LedgerContext) {
    const known = bouncers.map(({ domain, ...one }) => (domain === undefined ? one : { ...one, domain }));
    const server = await LapiServer.open({ ledger: context.service, bouncers: known });
    await using listening = await server.listen({ host, port, governor: context.governor });
    await untilStopped(context, forMs);
    return { host, port: listening.port };
  },
});

/** What the strip is mounted with: see {@link AutoblockerOptions}. Scenarios and compiled rules are code and come in here too. */
const optionsSchema = z.object({
  folder: z.string().min(1).default('memory:'),
  origin: z.string().optional(),
  passphrase: z.string().min(1).optional(),
  allowList: z.array(z.string()).default([]),
  adminPeers: z.array(z.string()).default([]),
  sharedNetworks: z.array(z.string()).default([]),
  scenarios: z.custom<readonly Scenario[]>(Array.isArray, 'an array of scenarios').optional(),
  rules: z.custom<RuleSet>((value) => typeof value === 'object' && value !== null, 'a rule set').optional(),
  banMs: z.number().int().optional(),
  time: z.enum(['clock', 'events']).optional(),
  durability: z.enum(['fsync', 'os']).default('fsync'),
  /** Bounds of the rails within their limits; none can be switched off. */
  rails: railLimitsSchema.prefault({}),
  maxBuckets: maxBucketsSchema,
});

/** The engine as a strip: `registry.mount(ledgerStrip, { folder })`. Under a sandbox a folder needs `fs.write`; memory needs nothing. */
export const ledgerStrip = defineStrip({
  name: 'autoblocker-ledger',
  version: 1,
  summary:
    'Detects attackers in security events, decides through safety rails, and records every decision in a provable ledger',
  options: optionsSchema,
  plugins: [
    recordEvents,
    parseLogLines,
    compileRulesPlugin,
    detectPatterns,
    proposeBlock,
    applySafetyRails,
    checkTarget,
    revokeBlock,
    explainDecision,
    proveEntry,
    verifyLedger,
    syncEnforcement,
    serveDecisions,
  ],
  open: (options, governor) => AutoblockerLedger.open({ ...defined(options), governor }),
  close: (ledger) => ledger.close(),
});

/** Resolves after a time, or when the call is aborted. */
async function untilStopped({ clock, signal }: LedgerContext, forMs: number | undefined): Promise<void> {
  if (forMs !== undefined) return clock.sleep(forMs, { signal });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Options without those that were left out. */
function defined(options: z.output<typeof optionsSchema>): AutoblockerOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as AutoblockerOptions;
}

function wishOf(input: z.output<typeof proposalSchema>): Parameters<AutoblockerLedger['addBlock']>[0] {
  const { durationMs, ...wish } = input;
  return durationMs === undefined ? wish : { ...wish, durationMs };
}

function plainDecision(decision: Decision): z.input<typeof decisionSchema> {
  const { domains: where, evidence, rail, ...plain } = decision;
  return {
    ...plain,
    ...(rail === undefined ? {} : { rail }),
    id: String(decision.id),
    domains: where === 'all' ? where : [...where],
    evidence: [...evidence],
  };
}

function plainOutcome(outcome: DecisionOutcome): z.input<typeof outcomeSchema> {
  if (outcome.kind === 'refused') return { ...outcome, entry: String(outcome.entry) };
  return { ...outcome, decision: plainDecision(outcome.decision) };
}

function plainEvent(event: SecurityEvent): z.input<typeof securityEventSchema> {
  const { time, domain, kind, victim, outcome } = event;
  const plain = { time, domain, kind, outcome, actor: [...event.actor] as BlockTarget[], fields: { ...event.fields } };
  return { ...plain, evidence: { ...event.evidence }, ...(victim === undefined ? {} : { victim: { ...victim } }) };
}
