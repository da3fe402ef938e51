// What a world's queue holds: something that will happen to one process.

import type { Cancellable } from './event-queue.js';
import type { SimProcess } from './sim-process.js';

/** What kinds of events there are, as the trace hash knows them. */
export const eventCode = {
  timer: 1,
  immediate: 2,
  internal: 3,
  datagram: 4,
  segment: 5,
  connect: 6,
  fault: 7,
  disk: 8,
} as const;

/** Something that happens at a moment of virtual time, in a process; dropped when that process has died since it was planned. */
export interface SimEvent extends Cancellable {
  readonly owner: SimProcess;
  /** The life of the process that it belongs to; 0 for whichever it has then. */
  readonly incarnation: number;
  /** When it comes up earlier than this, it is put back until then. */
  readonly notBeforeMs: number | undefined;
  /** Its kind. */
  readonly code: number;
  fire(): void;
}

/** An event without more. Timers, of which there are most, are written without it: to call the constructors that they would inherit costs
 * V8 more than to queue them. */
export abstract class PlannedEvent implements SimEvent {
  readonly owner: SimProcess;
  incarnation: number;
  cancelled = false;
  queued = false;
  readonly notBeforeMs = undefined;
  abstract readonly code: number;

  constructor(owner: SimProcess) {
    this.owner = owner;
    this.incarnation = owner.incarnation;
  }

  abstract fire(): void;
}

/** An event that calls a function. */
export class CallEvent extends PlannedEvent {
  readonly code: number;
  readonly #callback: () => void;

  constructor(owner: SimProcess, code: number, callback: () => void) {
    super(owner);
    this.code = code;
    this.#callback = callback;
  }

  fire(): void {
    this.#callback();
  }
}
