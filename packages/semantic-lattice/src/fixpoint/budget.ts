// What a transaction may use: joins ask for fuel every few ten thousand rows that they look at, and here is decided whether they
// get it. Looks at the operation too, so that a deadline or an abort ends synchronous work.
import type { OperationContext } from '@tenstrip/shared-core';
import { latticeError, textOf } from '../errors/index.js';

/** Bounds of one transaction; what is left out is unbounded. */
export interface Budget {
  /** Rows that joins may look at, counted exactly: the measure of work that does not depend on the machine. */
  readonly derivations?: number;
  /** Rows that may be added, looked at every 32,768 derivations and at the end. */
  readonly rows?: number;
  /** Time by the operation's clock, in milliseconds. */
  readonly ms?: number;
}

const PORTION = 32_768;

/** Use of one transaction, held against its budget. */
export class BudgetMeter {
  readonly #budget: Budget;
  readonly #op: OperationContext;
  readonly #startMs: number;
  readonly #addedRows: () => number;
  readonly #refuseStopped: () => void;
  #granted = 0;

  /**
   * @param refuseStopped throws when something other than the operation wants the work to end
   * @throws TenstripError `OptionsInvalid` for a bound that is no number or below 0
   */
  constructor(budget: Budget, op: OperationContext, addedRows: () => number, refuseStopped: () => void) {
    const issues = Object.entries(budget).flatMap(([name, bound]) =>
      bound === undefined || (typeof bound === 'number' && bound >= 0)
        ? []
        : [`budget.${name} is ${textOf(bound)}: a number from 0 upwards`],
    );
    if (issues.length > 0) throw latticeError('OptionsInvalid', issues.join('; '), { issues });
    this.#budget = budget;
    this.#op = op;
    this.#startMs = budget.ms === undefined ? 0 : op.clock.monotonicMs();
    this.#addedRows = addedRows;
    this.#refuseStopped = refuseStopped;
  }

  /** Rows that joins were allowed to look at so far. */
  get granted(): number {
    return this.#granted;
  }

  /** More fuel. @throws TenstripError `BudgetExceeded`, `OperationAborted`, `DeadlineExceeded` */
  refuel(): number {
    this.check();
    const allowed = this.#budget.derivations ?? Number.POSITIVE_INFINITY;
    const portion = Math.min(PORTION, allowed - this.#granted);
    if (portion <= 0) this.#exceed('derivations', allowed);
    this.#granted += portion;
    // The row that asked is looked at now.
    return portion - 1;
  }

  /** @throws TenstripError `BudgetExceeded`, `OperationAborted`, `DeadlineExceeded` */
  check(): void {
    this.#op.throwIfStopped();
    this.#refuseStopped();
    const { rows, ms } = this.#budget;
    if (rows !== undefined && this.#addedRows() > rows) this.#exceed('rows', rows);
    if (ms !== undefined && this.#op.clock.monotonicMs() - this.#startMs > ms) this.#exceed('ms', ms);
  }

  #exceed(resource: keyof Budget, allowed: number): never {
    throw latticeError(
      'BudgetExceeded',
      `the transaction needed more than ${allowed} ${resource} and was rolled back: raise budget.${resource}, or change less at once`,
      { resource, allowed },
    );
  }
}
