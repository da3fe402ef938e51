// The governed strip: eight plugins that take text or MathJSON and give text, MathJSON and certificates. Each call has a store of its
// own, so calls share nothing and what one builds is gone with it. Compute only: no file, no network, no process.

import { definePlugin, defineStrip, type PluginContext, seededRandom } from '@tenstrip/shared-core';
import { z } from 'zod';
import { Budget, type BudgetLimits } from './budget/index.js';
import { differentiateWithProof } from './calculus/index.js';
import { type Certificate, checkCertificate } from './certificate/index.js';
import { compile, instantiate } from './compilation/index.js';
import { reducerError } from './errors/index.js';
import {
  type Assumptions,
  assumptionNames,
  type DomainCondition,
  ExpressionStore,
  type ExprId,
  postorder,
  symbolNames,
} from './expression/index.js';
import { proveEqual } from './proof/index.js';
import { greatestCommonDivisor, reduce } from './reduction/index.js';
import { RuleSet } from './rewriting/index.js';
import { parseMathJson, parseText, printLatex, printText, toMathJson } from './syntax/index.js';

/** What the strip's plugins share: the limits of a call. */
export interface ReducerService {
  /** As the strip was mounted with. */
  readonly limits: Required<Omit<BudgetLimits, 'operation' | 'maxSteps'>> & { readonly maxSteps: number };
}

type ServiceContext = PluginContext<ReducerService>;

const text = z.string().min(1).max(1_000_000);
const symbolName = z.string().min(1).max(1_000);
const source = z.union([z.object({ expression: text }).strict(), z.object({ mathjson: z.json() }).strict()]);
const assume = z.record(symbolName, z.array(z.enum(assumptionNames as [string, ...string[]]))).default({});
const seed = z.union([z.string().min(1).max(256), z.number().int()]).optional();
const written = z.object({ text: z.string(), mathjson: z.json() });
const condition = z.object({
  /** `defined`: that a power with a symbolic exponent has a value. */
  relation: z.enum(['nonzero', 'positive', 'nonnegative', 'integer', 'defined']),
  text: z.string(),
});
const certificate = z.json();

type Source = z.output<typeof source>;

/** One call: a store, and how it reads and writes. */
class Call {
  readonly store: ExpressionStore;
  readonly budget: BudgetLimits;

  constructor(op: ServiceContext, given: z.output<typeof assume> = {}) {
    const { limits } = op.service;
    this.store = new ExpressionStore(limits);
    this.budget = { ...limits, operation: op };
    for (const name of Object.keys(given)) this.store.symbol(name, (given as Assumptions)[name]);
  }

  read(from: Source): ExprId {
    return 'expression' in from
      ? parseText(this.store, from.expression, this.budget)
      : parseMathJson(this.store, from.mathjson, this.budget);
  }

  /** Without limits unless they are given: a deadline that ended a search does not take its answer away. */
  write(id: ExprId, limits?: BudgetLimits) {
    const mathjson = toMathJson(this.store, id, limits) as z.output<typeof certificate>;
    return { text: printText(this.store, id, limits), mathjson };
  }

  conditions(list: readonly DomainCondition[]) {
    return list.map(({ relation, expression }) => ({ relation, text: printText(this.store, expression) }));
  }
}

const asJson = (certificates: readonly Certificate[]) => certificates as unknown as z.output<typeof certificate>[];

const parseExpression = definePlugin({
  name: 'parse-expression',
  summary: 'Reads text or MathJSON into canonical form, and says where it is defined',
  input: z.object({ source, assume }),
  output: written.extend({ symbols: z.array(z.string()), nodes: z.number().int(), definedWhere: z.array(condition) }),
  execute(input, op: ServiceContext) {
    const call = new Call(op, input.assume);
    const { result, domain } = call.store.withDomain(() => call.read(input.source));
    return {
      ...call.write(result),
      symbols: symbolNames(call.store, [result]),
      nodes: postorder(call.store, [result]).length,
      definedWhere: call.conditions(domain),
    };
  },
});

const printExpression = definePlugin({
  name: 'print-expression',
  summary: 'Writes an expression as text, LaTeX and MathJSON',
  input: z.object({ source }),
  output: written.extend({ latex: z.string() }),
  execute(input, op: ServiceContext) {
    const call = new Call(op);
    const id = call.read(input.source);
    return { ...call.write(id, call.budget), latex: printLatex(call.store, id, call.budget) };
  },
});

const rule = z.object({
  name: z.string().min(1).max(256),
  left: text,
  right: text,
  where: z.record(symbolName, z.array(z.enum(assumptionNames as [string, ...string[]]))).optional(),
});

const simplify = definePlugin({
  name: 'simplify',
  summary: 'The cheapest equal form that is found, with its proof and the conditions of what was cancelled',
  input: z.object({ source, assume, rules: z.array(rule).max(1_000).default([]), seed }),
  output: z.object({
    result: written,
    complete: z.boolean(),
    cost: z.number(),
    costBefore: z.number(),
    conditions: z.array(condition),
    certificates: z.array(certificate),
  }),
  execute(input, op: ServiceContext) {
    const call = new Call(op, input.assume);
    const id = call.read(input.source);
    const rules = new RuleSet(
      call.store,
      input.rules.map(({ where, ...given }) => ({
        ...given,
        ...(where === undefined ? {} : { where: where as Assumptions }),
      })),
      { ...call.budget, random: randomOf(op, input.seed) },
    );
    const { result, complete, cost, costBefore, conditions, certificates } = reduce(call.store, id, {
      ...call.budget,
      rules,
    });
    return {
      ...{ result: call.write(result), complete, cost, costBefore },
      ...{ conditions: call.conditions(conditions), certificates: asJson(certificates) },
    };
  },
});

/** Points follow from the seed, else from the operation. */
function randomOf(op: ServiceContext, given: z.output<typeof seed>) {
  return given === undefined ? op.random : seededRandom(given);
}

const verdictSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('proved'),
    conditions: z.array(condition),
    definedWhere: z.array(condition),
    certificate,
  }),
  z.object({ kind: z.literal('refuted'), witness: z.record(z.string(), z.string()) }),
  z.object({
    kind: z.literal('unknown'),
    reason: z.enum(['undecided', 'budget', 'no-certificate', 'no-common-domain']),
    detail: z.string(),
    agreedAt: z.number().int(),
  }),
]);

const provePlugin = definePlugin({
  name: 'prove-equal',
  summary: 'Whether two expressions are equal: proved, refuted at a point, or unknown with the reason',
  input: z.object({ left: source, right: source, assume, seed }),
  output: verdictSchema,
  execute(input, op: ServiceContext) {
    const call = new Call(op, input.assume);
    const { result, domain } = call.store.withDomain(() => [call.read(input.left), call.read(input.right)] as const);
    const options = { ...call.budget, domain, random: randomOf(op, input.seed) };
    const verdict = proveEqual(call.store, ...result, options);
    if (verdict.kind !== 'proved') return verdict;
    return {
      ...{ kind: verdict.kind, conditions: call.conditions(verdict.conditions) },
      ...{ definedWhere: call.conditions(domain), certificate: asJson([verdict.certificate])[0]! },
    };
  },
});

const gcdPlugin = definePlugin({
  name: 'gcd',
  summary: 'The greatest common divisor of two polynomials, with its proof',
  input: z.object({ left: source, right: source }),
  output: z.object({ result: written, certificate }),
  execute(input, op: ServiceContext) {
    const call = new Call(op);
    const found = greatestCommonDivisor(call.store, call.read(input.left), call.read(input.right), call.budget);
    return { result: call.write(found.result), certificate: asJson([found.certificate])[0]! };
  },
});

const differentiatePlugin = definePlugin({
  name: 'differentiate',
  summary: 'The derivative by a symbol, with its proof',
  input: z.object({ source, assume, variable: symbolName, times: z.number().int().min(1).max(100).default(1) }),
  output: z.object({ result: written, proved: z.boolean(), certificates: z.array(certificate) }),
  execute(input, op: ServiceContext) {
    const call = new Call(op, input.assume);
    const id = call.read(input.source);
    const { result, proved, certificates } = differentiateWithProof(call.store, id, input.variable, {
      times: input.times,
      budget: new Budget(call.budget),
    });
    return { result: call.write(result), proved, certificates: asJson(certificates) };
  },
});

const compilePlugin = definePlugin({
  name: 'compile',
  summary: 'JavaScript of a model, nested and with shared parts; evaluated at points when that is asked for',
  input: z.object({
    sources: z.array(source).min(1).max(1_000),
    assume,
    parameters: z.array(symbolName).max(10_000).optional(),
    horner: z.boolean().default(true),
    /** Runs the generated code at these points; refused in a sandbox. */
    evaluateGeneratedCodeAt: z.array(z.array(z.number()).max(10_000)).max(10_000).default([]),
  }),
  output: z.object({
    javascript: z.string(),
    parameters: z.array(z.string()),
    operations: z.number().int(),
    certificates: z.array(certificate),
    /** NaN and infinities, which JSON has not, are null. */
    values: z.array(z.array(z.number().nullable())),
  }),
  execute(input, op: ServiceContext) {
    const call = new Call(op, input.assume);
    const roots = input.sources.map((from) => call.read(from));
    const { horner, parameters } = input;
    const compiled = compile(call.store, roots, { horner, ...(parameters === undefined ? {} : { parameters }) });
    const values = input.evaluateGeneratedCodeAt.map((point) => {
      if (point.length !== compiled.parameters.length) {
        const message = `a point has ${point.length} values, for the ${compiled.parameters.length} parameters ${compiled.parameters.join(', ')}`;
        throw reducerError('OptionsInvalid', message, { option: 'evaluateGeneratedCodeAt' });
      }
      const run = instantiate(compiled, { allowGeneratedCode: true, operation: op });
      return [run(...point)].flat().map((value) => (Number.isFinite(value) ? value : null));
    });
    return {
      ...{ javascript: compiled.source, parameters: [...compiled.parameters], operations: compiled.operations },
      ...{ certificates: asJson(compiled.changes.map((change) => change.certificate)), values },
    };
  },
});

const checkPlugin = definePlugin({
  name: 'check-certificate',
  summary: 'Replays a proof with a checker that shares nothing with what found it',
  input: z.object({ certificate }),
  output: z.object({ accepted: z.boolean(), problem: z.string().optional(), believedRules: z.array(z.string()) }),
  execute(input, op: ServiceContext) {
    const result = checkCertificate(input.certificate as unknown as Certificate, { look: () => op.throwIfStopped() });
    if (result.accepted) return { accepted: true, believedRules: [...result.believedRules] };
    return { accepted: false, problem: result.problem, believedRules: [] };
  },
});

const limit = (most: number, usual: number) => z.number().int().min(1).max(most).default(usual);

/** The engine as a strip: `registry.mount(symbolicReducerStrip, {})`. */
export const symbolicReducerStrip = defineStrip({
  name: 'symbolic-reducer',
  version: 1,
  summary: 'Exact symbolic computation whose every reduction carries a proof',
  options: z.object({
    /** Nodes of an expression store; each call has its own. */
    maxNodes: limit(1 << 28, 1 << 20),
    /** Terms of a polynomial, written out. */
    maxTerms: limit(1 << 28, 1 << 20),
    /** Bits of an integer. */
    maxBits: limit(1 << 29, 1 << 20),
    /** Inner steps of a call. */
    maxSteps: limit(Number.MAX_SAFE_INTEGER, 200_000_000),
  }),
  plugins: [
    parseExpression,
    printExpression,
    simplify,
    provePlugin,
    gcdPlugin,
    differentiatePlugin,
    compilePlugin,
    checkPlugin,
  ],
  open: (limits): ReducerService => ({ limits }),
});
