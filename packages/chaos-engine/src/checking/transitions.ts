// States as small integers, and what each operation makes of each: the model is asked once, then a direct-mapped table answers.

import { TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import { dataKey } from './data-key.js';
import { type Answer, illegal, type Model } from './model.js';

const slots = 1 << 14;

/** The steps of a model on numbered operations. */
export class Transitions<State, Operation, Result> {
  readonly #model: Model<State, Operation, Result>;
  readonly #operations: readonly Operation[];
  readonly #results: readonly Answer<Result>[];
  readonly #states: State[] = [];
  readonly #numbers = new Map<string | number, number>();
  /** Triples: state, operation + 1, next state or -1. */
  readonly #memory = new Int32Array(3 * slots);
  readonly initial: number;

  constructor(
    model: Model<State, Operation, Result>,
    operations: readonly Operation[],
    results: readonly Answer<Result>[],
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#results = results;
    this.initial = this.#numberOf(model.initial);
  }

  /** The state after `operation`, or -1 when that is illegal. */
  next(state: number, operation: number): number {
    const memory = this.#memory;
    const at = 3 * ((Math.imul(state, 0x9e3779b1) + Math.imul(operation, 0x85ebca6b)) >>> 18);
    if (memory[at] === state && memory[at + 1] === operation + 1) return memory[at + 2]!;
    const next = this.#model.step(this.#states[state]!, this.#operations[operation]!, this.#results[operation]!);
    const number = next === illegal ? -1 : this.#numberOf(next);
    memory[at] = state;
    memory[at + 1] = operation + 1;
    memory[at + 2] = number;
    return number;
  }

  #numberOf(state: State): number {
    const key = this.#model.key === undefined ? dataKey(state) : this.#model.key(state);
    if (key === undefined) {
      throw new TenstripError<ChaosErrorCode>(
        'OptionsInvalid',
        `the model "${this.#model.name}" has states that are not plain data; give it \`key\``,
        { details: { issues: [{ path: 'model.key' }] } },
      );
    }
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.push(state) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}
