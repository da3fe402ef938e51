import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkCertificate } from '@tenstrip/symbolic-reducer';
import { afterAll, expect, test } from 'vitest';
import { Scratch, watchtower } from './run-watchtower';

const scratch = new Scratch();
afterAll(() => scratch[Symbol.dispose]());

interface Report {
  readonly rules: readonly { readonly name: string; readonly excess: string }[];
  readonly findings: readonly {
    readonly kind: string;
    readonly rules: readonly string[];
    readonly certificates: never[];
  }[];
}

const positive = { n: ['positive'], k: ['nonnegative'] };
const rules = [
  { name: 'my/decay', score: 'w*exp(-t)/(1+t)', threshold: 'w', where: { w: ['positive'], t: ['nonnegative'] } },
  { name: 'my/written-long', score: '(n^2-1)/(n+1)+k', threshold: '5', where: positive },
  { name: 'my/written-short', score: 'n+k', threshold: '6', where: positive },
  { name: 'my/wider', score: 'n+k+n*k', threshold: '3', where: positive },
  { name: 'my/never', score: 'n/(n+1)', threshold: '1', where: positive },
];

test('rules that are equal, never fire, or fire only with another are found, with proofs', async () => {
  const file = join(scratch.folder, 'rules.json');
  writeFileSync(file, JSON.stringify(rules));
  const { code, stdout } = await watchtower(scratch.folder, 'rules', file, '--json');
  expect(code).toBe(0);
  const { findings } = JSON.parse(stdout) as Report;
  // n + k - 6 > 0 is what both say; where it holds, n + k + nk > 3 does; n/(n + 1) < 1.
  expect(findings.map(({ kind, rules: named }) => [kind, ...named]).sort()).toEqual([
    ['equal', 'my/written-long', 'my/written-short'],
    ['fires only with', 'my/written-long', 'my/wider'],
    ['fires only with', 'my/written-short', 'my/wider'],
    ['never fires', 'my/never'],
  ]);
  for (const { certificates } of findings) {
    expect(certificates.length).toBeGreaterThan(0);
    for (const certificate of certificates) expect(checkCertificate(certificate)).toMatchObject({ accepted: true });
  }
});

test('the rules that come with the ledger are all reduced, and none of them is silent', async () => {
  const { code, stdout } = await watchtower(scratch.folder, 'rules');
  expect(code).toBe(0);
  // More than 5 within 10 s: the event after m others finds m + 1 but what has leaked.
  expect(stdout).toMatch(/tenstrip\/ssh-bf +fires when -d\*m\/10000 \+ m - 4 > 0/);
  expect(stdout).not.toContain('never fires');
});

test('a file that is none is one clear line', async () => {
  const file = join(scratch.folder, 'bad.json');
  writeFileSync(file, '[{"name": "x"}]');
  const { code, stderr } = await watchtower(scratch.folder, 'rules', file);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n')[0]).toContain('watchtower: ');
});
