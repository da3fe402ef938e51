// What decisions that ended long ago cost in memory: node --expose-gc bench/ended-decisions.child.mjs [count, default 300,000].
// Run by hand; the figures stand in the README and in decision 0019.
import { createHash } from 'node:crypto';
import { Projections } from '../dist/ledger/projections.js';

const count = Number(process.argv[2] ?? 300_000);
const start = 1_700_000_000_000;
const [minute, hour] = [60_000, 3_600_000];
const farFuture = 1e15;

function bytesHeld() {
  for (let time = 0; time < 2; time += 1) global.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** One ban a minute. `targets`: so many addresses, again and again. */
function ledgerOf({
  decisions = count,
  lines = 0,
  targets = Number.POSITIVE_INFINITY,
  extended = false,
  revoked = false,
}) {
  const projections = new Projections(7);
  let index = 0n;
  for (let number = 0; number < decisions; number += 1) {
    const time = start + number * minute;
    const host = number % targets;
    const value = `${11 + ((host >> 16) & 127)}.${(host >> 8) & 255}.${host & 255}.7`;
    const digestOf = (line) => createHash('sha256').update(`${number} ${line}`).digest('hex');
    const evidence = Array.from({ length: lines }, (_, line) => ({
      digest: digestOf(line),
      offset: 0,
      source: 's',
      time,
    }));
    const rule = { name: 'a/b', version: '1' };
    const [until, common] = [time + 4 * hour, { time, recordedAt: time, score: 1, eventCount: 6 }];
    const kind = { action: 'ban', domains: 'all', origin: 'scenario', held: 'active' };
    const decision = String(index);
    projections.apply(index++, {
      class: 'decision',
      fact: { ...common, ...kind, scenario: rule, from: time, until },
      personal: { target: { kind: 'ip', value }, reason: 'r', evidence },
    });
    if (extended) {
      const fact = { ...common, decision, until, scenario: { ...rule, name: 'a/c' } };
      projections.apply(index++, { class: 'extension', fact, personal: { evidence: [] } });
    }
    if (revoked)
      projections.apply(index++, { class: 'revocation', fact: { ...common, decision, code: 'mistake' }, personal: {} });
    if (number % 10_000 === 0) projections.expire(time);
  }
  projections.expire(farFuture);
  return projections;
}

const cases = {
  'of a new target each': {},
  'with six lines of evidence': { lines: 6 },
  'with six lines, 10,000 targets in turn': { lines: 6, targets: 10_000 },
  'extended once by another rule': { extended: true },
  'taken back': { revoked: true },
};
const held = [ledgerOf({ decisions: 1000 })];
for (const [name, wanted] of Object.entries(cases)) {
  const before = bytesHeld();
  held.push(ledgerOf(wanted));
  console.log(`${name}: ${((bytesHeld() - before) / count).toFixed(0)} bytes a decision`);
}
