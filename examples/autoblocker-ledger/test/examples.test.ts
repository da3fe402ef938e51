// The examples run, and end as they say.
import { expect, it } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';

const linesOf = (example: string) => linesOfExample(`autoblocker-ledger/${example}`);

it('who guesses over ssh and at an API is one decision, for the API, the kernel and bouncers', {
  timeout: 300_000,
}, async () => {
  const [ssh, both, mistyper, decision, evidence, nft, bouncer, ...more] = await linesOf('protect-http-api');
  expect([ssh, both, mistyper]).toEqual([
    'after three wrong passwords over ssh: 200',
    'after three refused logins at the API, too: 403',
    'who only mistyped over ssh: 200',
  ]);
  expect(decision).toBe("decision { kind: 'ip', value: '203.0.113.5' } tenstrip/cross-domain");
  expect(evidence).toBe('6 lines of evidence, 14400000 ms');
  expect(nft).toContain('v4_32 { 203.0.113.5 ');
  expect(bouncer).toBe('a bouncer: ban 203.0.113.5 tenstrip/cross-domain');
  expect(more).toEqual([]);
});

it('who guesses over ssh is blocked, unless the address is allowed', { timeout: 300_000 }, async () => {
  const [counts, actor, nft, verified] = await linesOf('block-ssh-bruteforce');
  expect(counts).toBe('15 lines, 1 blocked, refused by rails: { ALLOW_LIST: 1 }');
  expect(actor).toContain("'203.0.113.5' } tenstrip/ssh-bf");
  expect(nft).toContain('{ 203.0.113.5 timeout');
  expect(verified).toMatch(/verifies: true$/);
});

it('a bouncer is told what is blocked and what was taken back', { timeout: 300_000 }, async () => {
  const [first, nothing, back, nft] = await linesOf('serve-bouncers');
  expect(first).toBe("at first: [ '203.0.113.5', '2001:db8:7::/64' ]");
  expect(nothing).toBe('nothing new: { deleted: null, new: null }');
  expect(back).toBe("taken back: [ '203.0.113.5' ]");
  expect(nft).toContain('v6_64 { 2001:db8:7:: ');
});
