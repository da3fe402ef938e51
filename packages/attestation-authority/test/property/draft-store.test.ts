import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { attestLine } from '../../src/attestation-log/index.js';
import { DraftStore, type Drafts } from '../../src/issuance/draft-store.js';
import { encodeSignedPayload } from '../../src/statement/index.js';

/** Payloads of two calls that take turns: whose, of which length, and how often in a row. */
const runs = fc.array(
  fc.record({
    call: fc.nat({ max: 1 }),
    length: fc.integer({ min: 2, max: 3000 }),
    times: fc.integer({ min: 1, max: 200 }),
  }),
  { minLength: 1, maxLength: 12 },
);

const statusNumbers = [undefined, 0, 7, 131_072, 999_999_999_999_999];

interface Expected {
  readonly payload: string;
  readonly line: string;
  readonly status: number | undefined;
}

function addAll(drafts: Drafts, expected: Expected[], length: number, times: number): void {
  for (let time = 0; time < times; time++) {
    const payload = JSON.stringify(`${expected.length} `.padEnd(length - 2, 'ÿ~?>').slice(0, length - 2));
    const digest = createHash('sha256').update(payload).digest('hex');
    const status = statusNumbers[expected.length % statusNumbers.length];
    drafts.add(encodeSignedPayload([payload])!, digest, expected.length % 2 === 0 ? 'transparent' : 'both', status);
    expected.push({ payload, line: attestLine(digest, status), status });
  }
}

test('drafts give back payloads, base64 and lines of whichever call they are, however calls take turns', () => {
  fc.assert(
    fc.property(runs, fc.float({ min: 0, max: 1, noNaN: true }), (steps, cut) => {
      const store = new DraftStore();
      const calls = [store.begin(), store.begin()];
      const expected: Expected[][] = [[], []];
      for (const { call, length, times } of steps) addAll(calls[call]!, expected[call]!, length, times);
      for (const [call, drafts] of calls.entries()) {
        const wanted = expected[call]!;
        const middle = Math.floor(wanted.length * cut);
        const texts = [...drafts.texts(0, middle), ...drafts.texts(middle, drafts.count)];
        const lines = [...drafts.lines(0, middle), ...drafts.lines(middle, drafts.count)];
        expect(texts).toEqual(wanted.map(({ payload }) => Buffer.from(payload).toString('base64')));
        expect(lines.map((line) => Buffer.from(line).toString())).toEqual(wanted.map(({ line }) => line));
        expect(drafts.statusNumbers()).toEqual(wanted.flatMap(({ status }) => status ?? []));
        for (const at of [0, middle, wanted.length - 1]) {
          if (wanted[at] === undefined) continue;
          expect(Buffer.from(drafts.payloadOf(at)).toString()).toBe(wanted[at].payload);
          expect(drafts.modeOf(at)).toBe(at % 2 === 0 ? 'transparent' : 'both');
        }
      }
    }),
    { numRuns: 30 },
  );
});
