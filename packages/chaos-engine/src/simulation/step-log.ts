// What a reader wants to know of a world's run: operations, faults, and what did not go plainly; not each event.

/** One line of the story of a world. */
export interface TraceStep {
  /** Virtual time since the world began, milliseconds. */
  readonly atMs: number;
  readonly node: string;
  readonly text: string;
  /** How often in a row, when more than once, and when last. */
  times?: number;
  lastMs?: number;
}

/** The last so many steps. */
export class StepLog {
  readonly #maxSteps: number;
  readonly #steps: TraceStep[] = [];

  constructor(maxSteps = 4096) {
    this.#maxSteps = maxSteps;
  }

  add(step: TraceStep): void {
    const last = this.#steps.at(-1);
    if (last !== undefined && last.node === step.node && last.text === step.text) {
      last.times = (last.times ?? 1) + 1;
      last.lastMs = step.atMs;
      return;
    }
    if (this.#steps.length >= this.#maxSteps * 2) this.#steps.splice(0, this.#maxSteps);
    this.#steps.push(step);
  }

  /** The steps kept, oldest first. */
  steps(): readonly TraceStep[] {
    return this.#steps.slice(-this.#maxSteps);
  }
}

/** Steps as lines: time, node, what happened. */
export function formatSteps(steps: readonly TraceStep[]): string {
  const width = Math.max(0, ...steps.map(({ node }) => node.length));
  return steps
    .map(({ atMs, node, text, times, lastMs }) => {
      const repeated = times === undefined ? '' : ` (${times} times until ${lastMs!.toFixed(3)} ms)`;
      return `${atMs.toFixed(3).padStart(12)} ms  ${node.padEnd(width)}  ${text}${repeated}`;
    })
    .join('\n');
}
