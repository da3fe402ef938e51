// Same seed, same bytes: whole processes are compared.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const child = fileURLToPath(new URL('./two-processes.child.mjs', import.meta.url));
const texts = [
  '(x^2-y^2)/(x-y)+sin(x)^2+cos(x)^2',
  'exp(x*y)*sqrt(x^2+1)/log(x+2)',
  '(x+y+z+1)^4/(x+1)',
  'abs(x)*tan(y)+x^n',
];

function output(seed: string, order: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, seed, ...order], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

it('two processes give the same bytes for the same seed', () => {
  expect(output('7', texts)).toBe(output('7', texts));
});

it('an answer does not depend on what was asked before', () => {
  const each = texts.map((text) => JSON.parse(output('7', [text]))[1]);
  const together = JSON.parse(output('7', [...texts].reverse()));
  expect(each.reverse()).toEqual(texts.map((_, at) => together[at * 6 + 1]));
});
