// Compilation of models: nested sums, shared parts, cheap powers; then JavaScript. Every change of an expression carries its proof, and
// what the program computes is computed again as an expression, and must be what was asked for.

import { invalidOption, reducerError, requireOptions } from '../errors/index.js';
import { type ExpressionStore, type ExprId, requireStore } from '../expression/index.js';
import { proveEqual } from '../proof/index.js';
import { hornerForms, type ProvedChange } from './horner.js';
import { type Program, programOf, runProgram, symbolicResults } from './program.js';
import { haveSameFactors } from './same-factors.js';
import { javascriptSource } from './to-javascript.js';

/** Options of {@link compile}. */
export interface CompileOptions {
  /** Whether sums are nested (Horner). Default true. */
  readonly horner?: boolean;
  /** The order of the parameters. Default: all symbols, sorted. */
  readonly parameters?: readonly string[];
}

/** A compiled model. */
export interface CompiledModule {
  /** Symbols, in the order of the parameters. */
  readonly parameters: readonly string[];
  /** A JavaScript function expression; instantiate it with {@link instantiate}, or store it. */
  readonly source: string;
  /** Instructions but parameters and numbers. */
  readonly operations: number;
  /** Each change of an expression that was made, with its proof. */
  readonly changes: readonly ProvedChange[];
  /** The same in a form that {@link CompiledModule.evaluate} runs. */
  readonly program: Program;
  /** The results in doubles, without generated code: slower, and allowed everywhere. */
  evaluate(values: readonly number[]): number[];
}

/**
 * Compiles expressions into one straight-line function of doubles. Where an expression has no value the function gives NaN, an
 * infinity or, where a whole power 0 or a cancelling pair of powers is evaluated at 0, what IEEE 754 gives.
 *
 * @throws TenstripError `CompilationRefused` when a symbol is no parameter, or when what the program computes is not found to be
 *   what was asked for
 */
export function compile(
  store: ExpressionStore,
  roots: readonly ExprId[],
  options: CompileOptions = {},
): CompiledModule {
  requireStore(store);
  requireOptions(options, 'options');
  const { horner = true, parameters } = options;
  if (!Array.isArray(roots)) throw invalidOption('roots', roots, 'a list of expressions');
  for (const root of roots) store.requireNode(root);
  if (parameters !== undefined && !(Array.isArray(parameters) && parameters.every((name) => typeof name === 'string')))
    throw invalidOption('parameters', parameters, 'a list of names of symbols');
  const { results, changes } = horner ? hornerForms(store, roots) : { results: [...roots], changes: [] };
  const program = programOf(store, results, parameters);
  symbolicResults(store, program).forEach((computed, at) => {
    const wanted = results[at]!;
    if (computed === wanted || haveSameFactors(store, computed, wanted)) return;
    if (proveEqual(store, computed, wanted).kind === 'proved') return;
    const problem = `result ${at} of the program is not found to be equal to what was to be computed`;
    throw reducerError('CompilationRefused', problem, { problem });
  });
  return {
    ...{ parameters: program.parameters, source: javascriptSource(program), changes, program },
    operations: program.instructions.filter(({ operation }) => !['parameter', 'number', 'pi'].includes(operation))
      .length,
    evaluate(values) {
      if (!Array.isArray(values) || values.some((value) => typeof value !== 'number'))
        throw invalidOption('values', values, 'a list of numbers');
      if (values.length !== program.parameters.length) {
        const problem = `${values.length} values were given for the ${program.parameters.length} parameters ${program.parameters.join(', ')}`;
        throw reducerError('OptionsInvalid', problem, { option: 'values' });
      }
      return runProgram(program, values);
    },
  };
}

/** A compiled function: one result as a number, more as an array. */
export type CompiledFunction = (...values: number[]) => number | number[];

/**
 * Makes a function of the generated code. Code from strings is never run without being asked for, and never in a sandbox.
 *
 * @param options `allowGeneratedCode` must be true; `operation` is where it runs, if that is governed
 * @throws TenstripError `CompilationRefused` without `allowGeneratedCode`, and in a sandbox
 */
export function instantiate(
  module: CompiledModule,
  options: { readonly allowGeneratedCode: boolean; readonly operation?: { readonly sandboxed: boolean } },
): CompiledFunction {
  requireOptions(module, 'module');
  requireOptions(options, 'options');
  const { source } = module;
  if (typeof source !== 'string') throw invalidOption('module', module, 'a compiled module');
  const problem =
    options.operation?.sandboxed === true
      ? 'a sandbox runs no code that is made of strings; use evaluate'
      : options.allowGeneratedCode !== true
        ? 'generated code is run only with allowGeneratedCode: true; evaluate needs none'
        : undefined;
  if (problem !== undefined) throw reducerError('CompilationRefused', problem, { problem });
  return new Function(`return ${source}`)() as CompiledFunction;
}
