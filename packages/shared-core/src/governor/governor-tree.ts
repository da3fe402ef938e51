// What all nodes of one tree share: the clock, the meter, the mode, the three gates, and the turns of the event loop.
import type { SandboxPolicy } from '../capabilities/index.js';
import { type Clock, IdleAdvance, systemClock, VirtualClock } from '../determinism/index.js';
import { AdmissionGate } from './admission-gate.js';
import { CheckpointGate } from './checkpoint-gate.js';
import { CpuSlices } from './cpu-slices.js';
import { DecisionDigest } from './decision-digest.js';
import { type EventLoopTurns, eventLoopTurns } from './event-loop-turns.js';
import type { GovernorNode } from './governor-node.js';
import { IoGate } from './io-gate.js';
import type { GovernorOptions } from './limits.js';
import { processMeter, type UsageMeter } from './usage-meter.js';
import { WorkerLedger } from './worker-ledger.js';

const noHold: Disposable = { [Symbol.dispose]: () => {} };

/** One tree of governors. */
export class GovernorTree {
  readonly clock: Clock;
  readonly meter: UsageMeter;
  readonly isDeterministic: boolean;
  readonly policy: SandboxPolicy | undefined;
  readonly digest: DecisionDigest | undefined;
  readonly slices: CpuSlices;
  readonly admission: AdmissionGate;
  readonly io: IoGate;
  readonly checkpoints: CheckpointGate;
  readonly workers: WorkerLedger;
  readonly cpuMicrosAtStart: number;
  readonly turns: EventLoopTurns;
  /** How many governors of this tree have a CPU cap. */
  cpuCaps = 0;
  #paused = 0;
  /**
   * The operation that ended last. It keeps V8's description of an operation's shape alive: when a full collection finds
   * no operation at all, the compiled checkpoint is thrown away, and after a few times never made again.
   */
  lastEnded: object | undefined;
  #root: GovernorNode | undefined;
  #sequence = 0;
  readonly #idleAdvance: IdleAdvance | undefined;

  constructor(options: GovernorOptions) {
    this.isDeterministic = options.deterministic !== undefined;
    this.policy = frozenCopy(options.sandbox);
    this.meter = options.meter ?? processMeter;
    this.clock = options.clock ?? (this.isDeterministic ? new VirtualClock() : systemClock);
    this.digest = this.isDeterministic ? new DecisionDigest() : undefined;
    const nowMs = this.clock.monotonicMs();
    const root = (): GovernorNode => this.root;
    const nextSequence = (): number => ++this.#sequence;
    this.slices = new CpuSlices(this.meter, nowMs);
    this.admission = new AdmissionGate(root, nextSequence);
    this.io = new IoGate(this.clock, root, nextSequence);
    this.checkpoints = new CheckpointGate(this.clock, this.meter, root, nextSequence);
    this.workers = new WorkerLedger(this.clock, this.checkpoints, this.slices, !this.isDeterministic);
    this.cpuMicrosAtStart = this.meter.cpuMicros();
    this.turns = eventLoopTurns(this.clock);
    if (this.isDeterministic && options.clock === undefined) {
      this.#idleAdvance = new IdleAdvance(this.clock as VirtualClock, () => this.root.running + this.root.waiting > 0);
    }
  }

  get root(): GovernorNode {
    return this.#root!;
  }

  plant(root: GovernorNode): void {
    this.#root = root;
  }

  /** Whether a governor of this tree is paused. */
  get isPaused(): boolean {
    return this.#paused > 0;
  }

  /** Whether bodies must pass the checkpoint gate before they start. */
  get isGuarded(): boolean {
    return this.cpuCaps > 0 || this.#paused > 0;
  }

  /** A governor was paused or resumed: every operation looks at its next checkpoint. */
  pausedOrResumed(change: 1 | -1): void {
    this.#paused += change;
    this.slices.current = undefined;
    this.workers.update();
    if (change > 0) return;
    this.checkpoints.serve();
    this.admission.serve();
  }

  /** Somebody began to run or to wait: idle virtual time may have a reason to move on. */
  wakeTime(): void {
    this.#idleAdvance?.wake();
  }

  /** Lets virtual time stand still while real work is under way. Real time cannot be held. */
  holdTime(): Disposable {
    return this.isDeterministic && this.clock instanceof VirtualClock ? this.clock.hold() : noHold;
  }
}

/** Grants cannot be changed once given. */
function frozenCopy(policy: SandboxPolicy | undefined): SandboxPolicy | undefined {
  if (policy === undefined) return undefined;
  const copy = structuredClone(policy);
  for (const granted of Object.values(copy.grants)) Object.freeze(granted);
  Object.freeze(copy.grants);
  return Object.freeze(copy);
}
