// What a caller without types may give: each is one error that names it, before anything is done.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AutoblockerLedger } from '../../../src/index.js';

let ledger: AutoblockerLedger;
beforeAll(async () => {
  ledger = await AutoblockerLedger.open({ folder: 'memory:' });
});
afterAll(() => ledger.close());

const empty = {};
const none: readonly never[] = [];
const values: readonly unknown[] = [undefined, null, 5, 5n, Number.NaN, true, Symbol('x'), empty, none, () => 1];
const lines = (options: object) => ({ source: 'test', ...options });

/** Each call with a value of a wrong kind; the code of its refusal, and which values are right. */
const calls: readonly (readonly [string, string, (value: never) => unknown, (readonly unknown[])?])[] = [
  ['addBlock', 'OptionsInvalid', (value) => ledger.addBlock(value)],
  ['addBlock, the target', 'TargetInvalid', (target) => ledger.addBlock({ target, reason: 'test' })],
  [
    'addBlock, options',
    'OptionsInvalid',
    (value) => ledger.addBlock({ target: '192.0.2.1', reason: 'test' }, value),
    [undefined, empty, none],
  ],
  ['judge', 'OptionsInvalid', (value) => ledger.judge(value)],
  ['allow', 'TargetInvalid', (value) => ledger.allow(value)],
  ['disallow', 'TargetInvalid', (value) => ledger.disallow(value)],
  ['isBlocked', 'TargetInvalid', (value) => ledger.isBlocked(value)],
  [
    'isBlocked, the moment',
    'OptionsInvalid',
    (value) => ledger.isBlocked('192.0.2.1', 'ssh', value),
    [undefined, 5, Number.NaN],
  ],
  ['prove', 'OptionsInvalid', (value) => ledger.prove(value)],
  ['changesSince', 'OptionsInvalid', (value) => ledger.changesSince(value), [5n]],
  ['query, its end', 'OptionsInvalid', (to) => ledger.query({ to }).next(), [undefined]],
  ['query, the state', 'OptionsInvalid', (state) => ledger.query({ state }).next(), [undefined]],
  ['verify', 'OptionsInvalid', (checkpoint) => ledger.verify({ checkpoint }), [undefined]],
  ['ingest, options', 'OptionsInvalid', (value) => ledger.ingest([], value), [undefined, empty, none]],
  ['ingest, the signal', 'OptionsInvalid', (signal) => ledger.ingest([], { signal }), [undefined]],
  ['ingestLines', 'OptionsInvalid', (value) => ledger.ingestLines(value, lines({})), [none]],
  ['ingestLines, a line', 'OptionsInvalid', (line) => ledger.ingestLines([line], lines({}))],
  [
    'ingestLines, the zone',
    'OptionsInvalid',
    (utcOffsetMinutes) => ledger.ingestLines([], lines({ utcOffsetMinutes })),
    [undefined, 5],
  ],
  ['readLogs', 'OptionsInvalid', (value) => ledger.readLogs(value), [none]],
  ['readLogs, a source', 'OptionsInvalid', (value) => ledger.readLogs([value])],
  ['readLogs, options', 'OptionsInvalid', (value) => ledger.readLogs([], value), [undefined, empty, none]],
  ['follow, options', 'OptionsInvalid', (value) => ledger.follow([], value)],
];

describe('a call that is given a value of a wrong kind', () => {
  it.each(calls.map(([name, code, call, right = none]) => ({ name, code, call, right })))(
    'refuses it: $name',
    async ({ code, call, right }) => {
      for (const value of values) {
        if (right.some((one) => Object.is(one, value))) continue;
        const outcome = await (async () => call(value as never))().catch((error: unknown) => error);
        expect(outcome, `${String(typeof value)} ${Object.prototype.toString.call(value)}`).toMatchObject({
          name: 'TenstripError',
          code,
        });
      }
    },
  );

  it('leaves the ledger as it was', () => {
    expect(ledger.statistics().entries).toEqual({ 'rule-change': 1 });
  });

  it('says which entries there are', async () => {
    await expect(ledger.prove(99n)).rejects.toThrow('the index of one of the 1 entries of this ledger');
  });

  it.each(['governor', 'signer', 'rules', 'scenarios'])('refuses %s at open', async (option) => {
    for (const value of [5, null, {}, 'x'])
      await expect(AutoblockerLedger.open({ folder: 'memory:', [option]: value })).rejects.toMatchObject({
        code: 'OptionsInvalid',
      });
  });
});
