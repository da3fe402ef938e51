// An experiment as Chaos Toolkit 1.0 writes it (chaostoolkit.org/reference/api/experiment), with one block of our own,
// `x-tenstrip`, for its limits. What the format does not know is kept and not looked at, as others do with their extensions.

import { TenstripError } from '@tenstrip/shared-core/errors';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { ChaosErrorCode } from '../errors/index.js';
import { faultSchema, faultTargetSchema } from '../faults/index.js';
import { type ExperimentIssue, toleranceIssues } from './tolerance.js';

const maximumBytes = 4 << 20;
const maximumActivities = 1000;

const text = z.string().min(1).max(65_536);
/** Seconds, or a variable that holds them. */
const seconds = z.custom<number | string>(
  (value) =>
    (typeof value === 'number' && value >= 0 && value <= 86_400) ||
    (typeof value === 'string' && /^\$\{[A-Za-z_]\w*\}$/.test(value)),
  { error: 'must be a number of seconds, 0 to 86400, or a variable' },
);
const names = z.array(text).max(64);
const values = z.record(z.string(), z.unknown());

/** Data of which variables may be a part: checked now when there is none, else when they are known. */
function laterUnlessPlain(schema: z.ZodType): z.ZodType {
  return z.unknown().superRefine((value, context) => {
    if ((JSON.stringify(value) ?? '').includes('${')) return;
    for (const { path, message } of schema.safeParse(value).error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: [...path], message: `is wrong: ${message}` });
    }
  });
}

/** @internal */
export const drySchema = z.enum(['probes', 'actions', 'activities', 'pause']);
/** @internal */
export const strategySchema = z.enum([
  'default',
  'before-method-only',
  'after-method-only',
  'during-method-only',
  'continuously',
  'skip',
]);
/** @internal */
export const rollbackStrategySchema = z.enum(['default', 'always', 'never', 'deviated']);

/** Which of the targets of a surface a fault is for. */
const selectorSchema = z.strictObject({
  /** Which sort: the key of a target. */
  sort: z.enum(['pid', 'node', 'namespace', 'proxy']),
  mode: z.enum(['one', 'all', 'fixed', 'percent']),
  /** How many, or which share. */
  value: z.number().min(0).max(4096).optional(),
});

const providerSchema = z.discriminatedUnion(
  'type',
  [
    z.looseObject({
      type: z.literal('http'),
      url: text,
      method: text.optional(),
      headers: values.optional(),
      arguments: z.unknown().optional(),
      timeout: z.union([seconds, z.array(seconds).length(2)], { error: 'must be seconds, or two of them' }).optional(),
      verify_tls: z.boolean().optional(),
      max_retries: z.number().int().min(0).max(10).optional(),
    }),
    z.looseObject({
      type: z.literal('process'),
      path: text,
      arguments: z
        .union([z.string(), z.array(z.unknown()), values], { error: 'must be a text, a list or a map' })
        .optional(),
      timeout: seconds.optional(),
    }),
    z.looseObject({
      type: z.literal('python'),
      module: text,
      func: text,
      arguments: values.optional(),
      secrets: names.optional(),
      timeout: seconds.optional(),
    }),
    z.looseObject({
      type: z.literal('javascript'),
      module: text,
      func: text,
      arguments: values.optional(),
      secrets: names.optional(),
      timeout: seconds.optional(),
    }),
    z
      .strictObject({
        type: z.literal('tenstrip'),
        fault: laterUnlessPlain(faultSchema).optional(),
        target: laterUnlessPlain(faultTargetSchema).optional(),
        targets: selectorSchema.optional(),
        /** How long the fault lasts at most. */
        ttl: seconds.optional(),
        /** The name of the action whose faults end now, or `*` for all. */
        revert: text.optional(),
        timeout: seconds.optional(),
      })
      .superRefine((provider, context) => {
        const { fault, target, targets, revert } = provider;
        if ((fault === undefined) === (revert === undefined)) {
          context.addIssue({ code: 'custom', message: 'must have either a fault or a revert' });
        } else if (fault !== undefined && (target === undefined) === (targets === undefined)) {
          context.addIssue({ code: 'custom', message: 'must have either a target or targets' });
        }
      }),
  ],
  { error: 'must have a type: http, process, python, javascript or tenstrip' },
);

const controlSchema = z
  .looseObject({
    name: text.optional(),
    ref: text.optional(),
    scope: z.enum(['before', 'after']).optional(),
    automatic: z.boolean().optional(),
    provider: z
      .looseObject({
        type: z.literal('javascript', { error: 'must be javascript; controls of other languages do not run here' }),
        module: text,
        arguments: values.optional(),
      })
      .optional(),
  })
  .superRefine(({ name, ref, provider }, context) => {
    if (ref === undefined && (name === undefined || provider === undefined)) {
      context.addIssue({ code: 'custom', message: 'must have a name and a provider, or a ref' });
    }
  });
const controls = z.array(controlSchema).max(64).optional();

const activitySchema = z
  .looseObject({
    ref: text.optional(),
    type: z.enum(['probe', 'action']).optional(),
    name: text.optional(),
    provider: providerSchema.optional(),
    background: z.boolean().optional(),
    pauses: z.looseObject({ before: seconds.optional(), after: seconds.optional() }).optional(),
    timeout: z.number().min(0).max(86_400).optional(),
    dry: drySchema.optional(),
    tolerance: z.unknown().optional(),
    controls,
  })
  .superRefine((activity, context) => {
    if (activity.ref !== undefined) return;
    for (const key of ['type', 'name', 'provider'] as const) {
      if (activity[key] === undefined) context.addIssue({ code: 'custom', path: [key], message: 'must be given' });
    }
  });

const probeSchema = activitySchema.superRefine((probe, context) => {
  if (probe.ref === undefined && probe.tolerance === undefined) {
    context.addIssue({ code: 'custom', path: ['tolerance'], message: 'must be given' });
  }
  addToleranceIssues(probe.tolerance, ['tolerance'], context);
});

function addToleranceIssues(
  tolerance: unknown,
  path: readonly PropertyKey[],
  context: { addIssue(issue: { code: 'custom'; path: PropertyKey[]; message: string }): void },
): void {
  if (tolerance === undefined) return;
  const issues: ExperimentIssue[] = toleranceIssues(tolerance);
  if ((tolerance as { type?: unknown } | null)?.type === 'probe') {
    issues.push(...(activitySchema.safeParse(tolerance).error?.issues ?? []));
  }
  for (const issue of issues) {
    context.addIssue({ code: 'custom', path: [...path, ...issue.path], message: issue.message });
  }
}

const guardrailSchema = activitySchema.safeExtend({
  tolerance: z.unknown().superRefine((tolerance, context) => addToleranceIssues(tolerance ?? null, [], context)),
  /** How often it is asked. Default 1 s. */
  everyMs: z.number().int().min(10).max(3_600_000).default(1000),
  /** After how many failures in a row the experiment is aborted. Default 1. */
  failures: z.number().int().min(1).max(1000).default(1),
});

const limitsSchema = z.strictObject({
  /** The whole experiment is aborted after this time. Default an hour. */
  maximumDurationMs: z.number().int().min(1).max(86_400_000).default(3_600_000),
  /** The time of an activity that names none. Default 30 s. */
  activityTimeoutMs: z.number().int().min(1).max(3_600_000).default(30_000),
  /** Probes that abort the experiment when they are not within their tolerance. */
  guardrails: z.array(guardrailSchema).max(64).default([]),
  /** How many targets a fault of this experiment may be for. */
  blastRadius: z
    .strictObject({
      targets: z.number().int().min(0).max(4096).optional(),
      percent: z.number().min(0).max(100).optional(),
    })
    .prefault({}),
  /** Faults for several targets come in steps; after each the hypothesis is asked. The first step is the canary. */
  rollout: z
    .array(
      z
        .strictObject({
          targets: z.number().int().min(1).max(4096).optional(),
          percent: z.number().min(0).max(100).optional(),
          holdMs: z.number().int().min(0).max(3_600_000).default(0),
        })
        .refine(({ targets, percent }) => (targets === undefined) !== (percent === undefined), {
          error: 'must have either targets or percent',
        }),
    )
    .max(32)
    .default([]),
});

/** The shape of {@link Experiment}: Chaos Toolkit 1.0, and the block `x-tenstrip`. */
export const experimentSchema = z
  .looseObject({
    version: z.string().optional(),
    title: text,
    description: text,
    tags: z.array(text).max(256).optional(),
    configuration: values.optional(),
    secrets: values.optional(),
    controls,
    'steady-state-hypothesis': z
      .looseObject({ title: text, probes: z.array(probeSchema).max(maximumActivities).optional(), controls })
      .optional(),
    method: z.array(activitySchema, { error: 'must be a list, which may be empty' }).max(maximumActivities),
    rollbacks: z.array(activitySchema).max(maximumActivities).optional(),
    runtime: z
      .looseObject({
        hypothesis: z.looseObject({ strategy: strategySchema.optional() }).optional(),
        rollbacks: z.looseObject({ strategy: rollbackStrategySchema.optional() }).optional(),
      })
      .optional(),
    'x-tenstrip': limitsSchema.prefault({}),
  })
  .superRefine((experiment, context) => {
    const lists = [
      ['steady-state-hypothesis', 'probes', experiment['steady-state-hypothesis']?.probes ?? []],
      ['method', undefined, experiment.method],
      ['rollbacks', undefined, experiment.rollbacks ?? []],
    ] as const;
    const known = new Set(lists.flatMap(([, , list]) => list.map(({ name }) => name)));
    for (const [block, inner, list] of lists) {
      for (const [index, { ref }] of list.entries()) {
        if (ref === undefined || known.has(ref)) continue;
        const path = inner === undefined ? [block, index, 'ref'] : [block, inner, index, 'ref'];
        context.addIssue({
          code: 'custom',
          path,
          message: `names ${JSON.stringify(ref)}, and there is no such activity`,
        });
      }
    }
  });

/** An experiment that was read and checked. */
export type Experiment = z.output<typeof experimentSchema>;
/** A probe or an action. */
export type Activity = z.output<typeof activitySchema>;
/** What an activity is done by. */
export type Provider = z.output<typeof providerSchema>;
/** A control that an experiment declares. */
export type DeclaredControl = z.output<typeof controlSchema>;
/** When the hypothesis is asked. */
export type HypothesisStrategy = z.output<typeof strategySchema>;
/** When rollbacks are played. */
export type RollbackStrategy = z.output<typeof rollbackStrategySchema>;
/** Which targets a fault is for. */
export type TargetSelector = z.output<typeof selectorSchema>;

/**
 * Reads an experiment from JSON or YAML, or checks one that was read.
 * @throws TenstripError `ExperimentInvalid` with every problem and its path: `steady-state-hypothesis.probes[0].tolerance.range must have 2 numbers`
 */
export function parseExperiment(source: unknown): Experiment {
  const document = typeof source === 'string' ? readText(source) : source;
  const { data, error } = experimentSchema.safeParse(document);
  if (data !== undefined) return data;
  throw invalid(error.issues.map((issue) => issueText(issue)));
}

function readText(source: string): unknown {
  if (Buffer.byteLength(source) > maximumBytes) throw invalid([`the text must have at most ${maximumBytes} bytes`]);
  try {
    if (source.trimStart().startsWith('{')) return JSON.parse(source);
    // Aliases are bounded by the library; tags of other languages make nothing but text.
    const document = parseDocument(source, { schema: 'core', maxAliasCount: 100 } as object);
    const [first] = document.errors;
    if (first !== undefined) throw first;
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid([`the text is neither JSON nor YAML: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
}

function invalid(issues: readonly string[]): TenstripError<ChaosErrorCode> {
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new TenstripError('ExperimentInvalid', `${issues[0]}${more}`, { details: { issues } });
}

function issueText(issue: z.core.$ZodIssue): string {
  const path = pathText(issue.path);
  return `${path === '' ? 'an experiment' : path} ${wording(issue)}`;
}

function wording(issue: z.core.$ZodIssue): string {
  // What this module says itself is better than what the library says.
  if (!/^(?:Invalid|Too|Unrecognized)\b/.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return issue.input === undefined && issue.message.includes('undefined')
      ? 'must be given'
      : `must be ${article(issue.expected)}`;
  }
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'unrecognized_keys') return `must not have ${issue.keys.join(', ')}`;
  if (issue.code === 'too_small')
    return `must not be ${issue.origin === 'string' ? 'empty' : `less than ${issue.minimum}`}`;
  if (issue.code === 'too_big') return `must not be more than ${issue.maximum}`;
  return issue.message;
}

function article(expected: string): string {
  const word = { record: 'a map', object: 'a map', array: 'a list', string: 'a text', int: 'an integer' }[expected];
  return word ?? `a ${expected}`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text_, key) => {
    if (typeof key === 'number') return `${text_}[${key}]`;
    return text_ === '' ? String(key) : `${text_}.${String(key)}`;
  }, '');
}
