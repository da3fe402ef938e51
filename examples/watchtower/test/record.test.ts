import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProofTree } from '../attack-taxonomy';
import {
  documentOf,
  type Finished,
  finished,
  type RunDocument,
  record,
  Scratch,
  startByTsNode,
  watchtower,
} from './run-watchtower';

interface Truth {
  actors: { address: string; name: string; kind: string; threshold?: string; lines: Record<string, number> }[];
}

describe('the recorded attacks', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());
  const truth = JSON.parse(readFileSync(join(record, 'truth.json'), 'utf8')) as Truth;
  const addresses = (matches: (actor: Truth['actors'][number]) => boolean) =>
    truth.actors.filter(matches).map(({ address }) => address);
  let run: Finished;
  let document: RunDocument;
  let blocked: Set<string>;

  beforeAll(async () => {
    run = await watchtower(scratch.folder, '--json');
    document = documentOf(run);
    blocked = new Set(document.blocked.map(({ target }) => target));
  });

  test('no legitimate address is blocked', () => {
    expect(addresses(({ kind }) => kind === 'legitimate').filter((address) => blocked.has(address))).toEqual([]);
  });

  test('at least 95 % of the attackers above their threshold are blocked', () => {
    const above = addresses(({ kind, threshold }) => kind === 'attacker' && threshold === 'above');
    expect(above.filter((address) => blocked.has(address)).length / above.length).toBeGreaterThanOrEqual(0.95);
  });

  test('nobody is blocked whom the truth does not know', () => {
    const known = new Set(addresses(() => true));
    expect([...blocked].filter((address) => !known.has(address))).toEqual([]);
  });

  test('the score that it prints is the one that the truth gives', () => {
    const above = addresses(({ threshold }) => threshold === 'above');
    const guilty = new Set(addresses(({ kind }) => kind === 'attacker'));
    expect(document.score?.precision).toBe([...blocked].filter((address) => guilty.has(address)).length / blocked.size);
    expect(document.score?.recall).toBe(above.filter((address) => blocked.has(address)).length / above.length);
  });

  test('an address does not tell by its network who is an attacker', () => {
    const networks = (kind: string) =>
      new Set(addresses((actor) => actor.kind === kind).map((address) => address.split('.', 3).join('.')));
    const four = (set: Set<string>) => [...set].filter((network) => !network.includes(':')).sort();
    expect(four(networks('attacker'))).toEqual(four(networks('legitimate')));
  });

  test('every line of both logs is read', () => {
    const lines = ['auth.log', 'access.log'].map(
      (log) => readFileSync(join(record, log), 'utf8').split('\n').length - 1,
    );
    expect(document.input.sources.map((source) => source.lines)).toEqual(lines);
  });

  test('each block rests on no more lines than the address left, and begins and ends', () => {
    for (const actor of document.blocked) {
      const { lines } = truth.actors.find(({ address }) => address === actor.target)!;
      expect(actor.evidence).toBeGreaterThan(0);
      expect(actor.evidence).toBeLessThanOrEqual(Object.values(lines).reduce((a, b) => a + b));
      expect(Date.parse(actor.firstSeen)).toBeLessThanOrEqual(Date.parse(actor.from));
      expect(Date.parse(actor.from)).toBeLessThan(Date.parse(actor.until));
    }
  });

  test('each actor is classified, and each class rests on what the actor was seen at', () => {
    const leaves = ({ statement, because }: ProofTree): string[] =>
      because.length === 0 ? [statement] : because.flatMap(leaves);
    for (const { target, scenarios, classes } of document.blocked) {
      expect(classes.length).toBeGreaterThan(0);
      const seen = scenarios.map((name) => `${target} was seen at ${name.split('/').pop()}`);
      for (const { name, proof } of classes) {
        expect(proof.statement).toBe(`${target}: ${name}`);
        const observed = leaves(proof).filter((leaf) => leaf.includes(' was seen at '));
        expect(observed.length).toBeGreaterThan(0);
        expect(seen).toEqual(expect.arrayContaining(observed));
      }
    }
    const both = document.blocked.find(({ scenarios }) => scenarios.some((name) => name.endsWith('http-sqli-probing')));
    expect(both?.classes.map(({ name }) => name)).toContain('intruder who looked first');
  });

  test('the ledger verifies, and the exit code says so', () => {
    expect(document.ledger).toMatchObject({ verified: true, problems: [] });
    expect(run).toMatchObject({ code: 0, stderr: '' });
  });

  test('as TypeScript and as text it shows the same actors, the score and the verification', async () => {
    const { code, stdout } = await finished(startByTsNode(scratch.folder, []));
    expect(code).toBe(0);
    for (const { target } of document.blocked) expect(stdout).toContain(target);
    expect(stdout).toMatch(/precision +1\.000/);
    expect(stdout).toMatch(/verified +yes/);
    expect(stdout).toContain(document.ledger.checkpoint.split('\n')[0]);
  });
});
