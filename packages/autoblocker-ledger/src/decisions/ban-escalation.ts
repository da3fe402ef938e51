// How long the n-th ban of a target lasts: each one within the memory window is longer than the one before, up to a cap.

/** The shape of an escalation. */
export interface BanEscalation {
  /** Length of the first ban, in milliseconds. */
  readonly baseMs: number;
  /** Each further ban is so many times longer. */
  readonly factor: number;
  /** Longest ban, in milliseconds. */
  readonly capMs: number;
  /** Bans older than this are forgotten, in milliseconds. */
  readonly memoryMs: number;
}

const hourMs = 3_600_000;

/** 4 hours as CrowdSec's default profile, doubled each time, at most a week, over 30 days. */
export const defaultEscalation: BanEscalation = escalationFrom(4 * hourMs);

/** The same from another first length, in milliseconds. */
export function escalationFrom(baseMs: number): BanEscalation {
  return { baseMs, factor: 2, capMs: 7 * 24 * hourMs, memoryMs: 30 * 24 * hourMs };
}

/** The length of a ban after `earlier` others within the memory window, in milliseconds. Never shorter for a larger number. */
export function banLengthMs(escalation: BanEscalation, earlier: number): number {
  return Math.min(escalation.capMs, escalation.baseMs * escalation.factor ** Math.min(earlier, 1000));
}
