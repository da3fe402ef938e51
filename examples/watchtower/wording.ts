// How the three views say things: numbers, times, paths, targets and rules as people read them. Whatever came out of a log
// is made visible.

import { relative } from 'node:path';
import type { BlockTarget, DecisionHistory, Explanation } from '@tenstrip/autoblocker-ledger';
import { visibleText } from './untrusted-text';

/** `1,234 lines`; only the number when no noun is given. */
export function count(number: number, noun?: string, plural = `${noun}s`): string {
  const digits = number.toLocaleString('en');
  return noun === undefined ? digits : `${digits} ${number === 1 ? noun : plural}`;
}

/** `2026-11-23 19:04:05` in UTC. */
export function timeText(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

/** A path for people: relative where it lies below the working folder. */
export function pathText(path: string): string {
  const below = relative('.', path);
  return visibleText(below === '' || below.startsWith('..') ? path : below);
}

/** The text that names a target, as it was read. */
export function targetName(target: BlockTarget): string {
  return target.kind === 'certificate' ? target.spkiSha256 : target.value;
}

/** The same for people: with its kind unless it is an address, safe to print. */
export function targetText(target: BlockTarget): string {
  const name = visibleText(targetName(target), 64);
  return target.kind === 'ip' || target.kind === 'range' ? name : `${target.kind} ${name}`;
}

/** A rule's name for people: without the author where that is this suite. */
export function scenarioText(name: string): string {
  return visibleText(name.replace(/^tenstrip\//, ''), 64);
}

/** One change of a decision, in words. */
export function historyText(change: DecisionHistory): string {
  const where = `at ${timeText(change.time)} UTC, entry ${change.entry}`;
  if (change.kind === 'revoked') return `revoked ${where}: ${visibleText(change.reason.code)}`;
  const until = change.until === null ? 'for good' : `until ${timeText(change.until)}`;
  return `extended by ${scenarioText(change.scenario)} ${until}, ${where}`;
}

/** How the first length of a decision came about. */
export function escalationText({ decision, escalation: { earlier, lengthMs } }: Explanation): string {
  if (lengthMs === null) return 'without end, as a person said';
  const length = `${Number((lengthMs / 3_600_000).toFixed(2)).toLocaleString('en')} h at first`;
  if (decision.origin === 'person') return length;
  return earlier === 0 ? `${length}, the first ban in 30 days` : `${length}, after ${count(earlier, 'ban')} in 30 days`;
}

/** What the safety rails said, in one line. */
export function railsText({ rails }: Explanation): string {
  const passed = rails.filter(({ objection }) => objection === undefined).map(({ code }) => code);
  const objected = rails.filter(({ objection }) => objection !== undefined);
  const objections = objected.map(({ code, objection }) => `${code} objected: ${objection}`);
  return [...objections, `passed ${passed.join(', ')}`].map((part) => visibleText(part)).join('; ');
}
