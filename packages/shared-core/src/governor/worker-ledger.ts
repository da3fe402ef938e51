// Operations that were shared with other threads. While there are any, the governor takes in every 4 ms what their
// threads used, and tells them to wait while their operation is paused or a CPU cap above it is in debt.
import type { Clock } from '../determinism/index.js';
import type { CheckpointGate } from './checkpoint-gate.js';
import type { CpuSlices } from './cpu-slices.js';
import type { GovernorNode } from './governor-node.js';
import type { SharedMemory } from './shared-operation.js';

const everyMs = 4;

/** All shared operations of one tree. */
export class WorkerLedger {
  readonly #clock: Clock;
  readonly #checkpoints: CheckpointGate;
  readonly #slices: CpuSlices;
  readonly #isTimed: boolean;
  readonly #shared = new Map<SharedMemory, GovernorNode>();
  #timer: Disposable | undefined;

  /** @param isTimed whether to look every 4 ms; without, `update` must be called when something changes. */
  constructor(clock: Clock, checkpoints: CheckpointGate, slices: CpuSlices, isTimed: boolean) {
    this.#clock = clock;
    this.#isTimed = isTimed;
    this.#checkpoints = checkpoints;
    this.#slices = slices;
  }

  add(memory: SharedMemory, node: GovernorNode): void {
    this.#shared.set(memory, node);
    this.#watch();
  }

  /** Takes in what the threads of `memory` used last. */
  remove(memory: SharedMemory): void {
    const node = this.#shared.get(memory);
    if (node === undefined) return;
    this.#shared.delete(memory);
    this.#charge(node, memory, this.#clock.monotonicMs());
    if (this.#shared.size > 0) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  /** Takes in what was used, and lets threads wait or go on. */
  update(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [memory, node] of this.#shared) {
      this.#charge(node, memory, nowMs);
      memory.hold(this.#checkpoints.isHeld(node, nowMs));
    }
  }

  /** The governor `node` has closed: what was shared there is watched no more. */
  removeAll(node: GovernorNode): void {
    for (const [memory, owner] of this.#shared) {
      if (owner !== node) continue;
      memory.stop('aborted');
      this.remove(memory);
    }
  }

  #charge(node: GovernorNode, memory: SharedMemory, nowMs: number): void {
    const micros = memory.takeBusy();
    this.#slices.settledElsewhere(micros);
    this.#checkpoints.charge(node, micros, nowMs);
  }

  #watch(): void {
    if (!this.#isTimed) return;
    this.#timer ??= this.#clock.schedule(everyMs, () => {
      this.#timer = undefined;
      this.update();
      if (this.#shared.size > 0) this.#watch();
    });
  }
}
