// Places in status lists: which are taken, and which are free again.
import { expect, it } from 'vitest';
import { StatusLedger } from '../../../src/issuance/status-ledger.js';

it('gives a place that was given back to the next one that draws it, and none twice else', () => {
  const draws = new Uint32Array(1024).fill(7 << 15); // place 7, again and again
  draws[2] = 9 << 15;
  const ledger = new StatusLedger(() => new Uint8Array(draws.buffer.slice(0)));
  expect(ledger.allocate()).toBe(7);
  ledger.giveBack(7);
  expect(ledger.allocate()).toBe(7);
  expect(ledger.allocate()).toBe(9);
});
