// How much a call may take. Sizes are asked for before anything is allocated; loops count steps, and every 2^14 of them look at
// whether the operation was stopped. Steps, not clocks, decide: the same input ends at the same place in every run.

import { invalidOption, reducerError, requireOptions } from '../errors/index.js';
import { keepShape } from './kept-shapes.js';

/** What tells that an operation is over: an `OperationContext`, a `WorkerOperation`, or anything of that shape. */
export interface Stoppable {
  /** Why it is over; `undefined` while it is not. */
  readonly stopped: 'aborted' | 'deadline' | undefined;
  /** @throws the error that says so, when it is over */
  throwIfStopped(): void;
}

/** Limits of a call. */
export interface BudgetLimits {
  /** Nodes that an expression store may hold. Default 2^22. */
  readonly maxNodes?: number;
  /** Terms that a polynomial may have, written out. Default 2^22. */
  readonly maxTerms?: number;
  /** Bits that an integer may have. Default 2^20. */
  readonly maxBits?: number;
  /** Inner steps of the whole call. Default: no limit. */
  readonly maxSteps?: number;
  /** The operation that the call is part of. Default: none, nothing stops it. */
  readonly operation?: Stoppable;
}

const lookEvery = 1 << 14;

/** Counts what a call takes, and refuses what is too much. */
export class Budget {
  /** Nodes that an expression store may hold. */
  readonly maxNodes: number;
  /** Terms that a polynomial may have. */
  readonly maxTerms: number;
  /** Bits that an integer may have. */
  readonly maxBits: number;
  /** Inner steps of the whole call. */
  readonly maxSteps: number;
  readonly #operation: Stoppable | undefined;
  #steps = 0;
  #turns = 0;
  #nextLook: number;

  /** @throws TenstripError `OptionsInvalid` when a limit is not a number of at least 1 */
  constructor(limits: BudgetLimits = {}) {
    requireOptions(limits, 'limits');
    const { operation } = limits;
    if (operation !== undefined && typeof operation?.throwIfStopped !== 'function')
      throw invalidOption('operation', operation, 'what has throwIfStopped(), as an operation of a governor has');
    const { maxNodes = 1 << 22, maxTerms = 1 << 22, maxBits = 1 << 20, maxSteps = Number.POSITIVE_INFINITY } = limits;
    requirePositive('maxNodes', maxNodes);
    requirePositive('maxTerms', maxTerms);
    requirePositive('maxBits', maxBits);
    requirePositive('maxSteps', maxSteps);
    this.maxNodes = maxNodes;
    this.maxTerms = maxTerms;
    this.maxBits = maxBits;
    this.maxSteps = maxSteps;
    this.#operation = operation;
    this.#nextLook = Math.min(lookEvery, maxSteps);
  }

  /** Inner steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Counts inner steps.
   *
   * @throws TenstripError `BudgetExceeded` beyond `maxSteps`; what the operation throws when it was stopped
   */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps < this.#nextLook) return;
    this.#nextLook = Math.min(this.#steps + lookEvery, this.maxSteps);
    if (this.#steps >= this.maxSteps) throw tooMuch('steps', 'maxSteps', this.maxSteps, this.#steps);
    this.look();
  }

  /** Asks whether the operation was stopped, without counting. @throws what the operation throws when it was */
  readonly look = (): void => {
    this.#operation?.throwIfStopped();
  };

  /** Notes an operation on whole polynomials, which takes longer than its steps say when these are few: every 64th looks. */
  turn(): void {
    if ((++this.#turns & 63) === 0) this.look();
  }

  /** Refuses a result of so many terms before it is made. @throws TenstripError `BudgetExceeded` */
  requireTerms(predicted: number | bigint): void {
    if (predicted > this.maxTerms) throw tooMuch('terms', 'maxTerms', this.maxTerms, predicted);
  }

  /** Refuses an integer of so many bits before it is made. @throws TenstripError `BudgetExceeded` */
  requireBits(predicted: number | bigint): void {
    if (predicted > this.maxBits) throw tooMuch('bits', 'maxBits', this.maxBits, predicted);
  }

  /** Refuses a store of so many nodes. @throws TenstripError `BudgetExceeded` */
  requireNodes(nodes: number): void {
    if (nodes > this.maxNodes) throw tooMuch('nodes', 'maxNodes', this.maxNodes, nodes);
  }
}

function requirePositive(option: string, value: unknown): void {
  if (typeof value === 'number' && value >= 1) return;
  throw invalidOption(option, value, 'a number of at least 1');
}

function tooMuch(what: string, limit: string, allowed: number, needed: number | bigint) {
  const message = `this takes ${needed} ${what}, and ${allowed} are allowed; raise ${limit} or ask for less`;
  return reducerError('BudgetExceeded', message, { limit, allowed, needed: needed.toString() });
}

keepShape(new Budget());
