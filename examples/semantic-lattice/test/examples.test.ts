// The examples run, and end as they say.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';

vi.setConfig({ testTimeout: 300_000 });
// Types are checked by the build of examples/, once for all.
const env = { ...process.env, TS_NODE_TRANSPILE_ONLY: '1' };
const linesOf = (example: string) => linesOfExample(`semantic-lattice/${example}`, env);
const folder = mkdtempSync(join(tmpdir(), 'semantic-lattice-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs an example with arguments and gives how it ended. */
function run(example: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const repository = resolve(__dirname, '../../..');
  const tsNode = join(repository, 'node_modules/ts-node/dist/bin.js');
  const file = `examples/semantic-lattice/${example}.ts`;
  return new Promise((done) => {
    execFile(process.execPath, [tsNode, file, ...args], { cwd: repository, env }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

it('access is decided, proved, denied with a reason, and the fewest grants are found', async () => {
  const lines = await linesOf('access-control');
  expect(lines).toContain('ann may read salaries');
  expect(lines).toContain('  9. may(ann, salaries) from 8');
  // Both grants give it, so both must go.
  const falls = lines.indexOf('  falls with the grants:');
  expect(lines.slice(falls + 1, falls + 3)).toEqual(['    auditors on archive', '    finance on hr-files']);
  expect(lines).toContain('  entitled, but suspended');
  expect(lines.at(-1)).toBe('  nothing entitles cem: no grant reaches salaries');
});

it('types are inferred over a lattice, and a fault names the lines that it comes from', async () => {
  const lines = await linesOf('type-checker');
  expect(lines).toEqual(expect.arrayContaining(['loop: number', 'either: printable', 'total: integer']));
  const faults = lines.filter((line) => line.startsWith('line '));
  expect(faults).toEqual([
    'line 14: either is printable, and number is needed, because',
    'line 15: flag is boolean, and printable is needed, because',
  ]);
});

it('a second process accepts the certificate, and refuses a changed one', async () => {
  expect((await linesOf('certified-conclusion')).slice(-2)).toEqual([
    'the second process: it holds that affected,shop',
    'of another claim:   refused at signature: it does not verify',
  ]);
});

it('a change of vocabularies is evaluated and rolled back, and what is not covered is named', async () => {
  const lines = await linesOf('knowledge-graph-what-if');
  expect(lines).toContain('  owl:cardinality: OWL RL has no exact cardinality');
  expect(lines).toContain('  follows: dcat:Catalog rdfs:subClassOf prov:Agent');
  expect(lines).toContain('  is lost: prov:Person rdfs:subClassOf prov:Agent');
  expect(lines).toContain('nothing was changed: revision 4');
});

it("ancestors are explained, from a file of the reader's", async () => {
  const file = join(folder, 'edges.tsv');
  writeFileSync(file, 'a\tb\na\tc\nb\td\nc\td\nd\ttop\n');
  const { code, stdout } = await run('gene-ontology', file, 'b', 'c');
  expect({ code, lines: stdout.trimEnd().split('\n') }).toEqual({
    code: 0,
    lines: [
      '5 edges, 9 pairs of a term and its ancestor',
      'b has 2 ancestors; directly above it: d',
      'nearest common ancestors of b and c: d',
      'why b is below top:',
      '  b -> d',
      '  d -> top',
      'without b -> d: 2 pairs fewer; still below: false',
    ],
  });
});

it('without a file it says what to do, and ends with another code', async () => {
  const { code, stderr } = await run('gene-ontology', join(folder, 'none.sqlite'));
  expect(code).toBe(3);
  expect(stderr).toMatch(/none\.sqlite is not there\. Install Debian's r-bioc-go\.db, or name a file/);
});
