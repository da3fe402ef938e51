// The types of measured-boot.mjs, for tests in TypeScript.

/** The banks that a log is written for. */
export type Bank = 'sha1' | 'sha256' | 'sha384';

/** A measurement. */
export interface BootEvent {
  readonly pcr: number;
  readonly type: number;
  readonly data: Buffer;
  /** What is hashed, where it is not the data. */
  readonly measured?: Buffer;
}

export const EVENT_TYPES: { readonly EV_NO_ACTION: number };
export function bootEvents(kernel: string): BootEvent[];
export function digestsOf(event: BootEvent, banks: readonly Bank[]): Record<string, string>;
export function printEventLog(events: readonly BootEvent[], banks: readonly Bank[]): Buffer;
