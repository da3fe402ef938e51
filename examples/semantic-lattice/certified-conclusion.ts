// A conclusion that somebody else checks: this process derives, certifies and signs; a second one, which has the rules, the facts and
// the public key and no engine that derived anything, checks it, and refuses one that was changed on the way. Run it with
// `npx ts-node examples/semantic-lattice/certified-conclusion.ts`.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certify, checkCertificate, createEngine, givenFacts, rel } from '@tenstrip/semantic-lattice';
import { createSigner } from '@tenstrip/shared-core';

const rules = `
  depends(P, Q) :- imports(P, Q).
  depends(P, R) :- imports(P, Q), depends(Q, R).
  affected(P) :- vulnerable(P).
  affected(P) :- depends(P, Q), vulnerable(Q), not patched(P, Q).
`;
const relations = {
  imports: rel('term', 'term'),
  vulnerable: rel('term'),
  patched: rel('term', 'term'),
  depends: rel('term', 'term'),
  affected: rel('term'),
};

async function main(): Promise<void> {
  const [role, folder] = process.argv.slice(2);
  if (role === 'check' && folder !== undefined) return await check(folder);
  const shared = await mkdtemp(join(tmpdir(), 'certified-conclusion-'));
  try {
    await conclude(shared);
  } finally {
    await rm(shared, { recursive: true });
  }
}

/** Derives, certifies, and asks the second process. */
async function conclude(folder: string): Promise<void> {
  const engine = createEngine({ relations });
  engine.addRules(rules);
  await engine.transact((tx) => {
    tx.insertAll('imports', [
      ['shop', 'web'],
      ['web', 'http'],
      ['http', 'parser'],
      ['tool', 'parser'],
    ]);
    tx.insert('vulnerable', 'parser');
    tx.insert('patched', 'tool', 'parser');
  });
  const affected = [...engine.find('affected')].map(([name]) => name).sort();
  console.log(`affected: ${affected.join(', ')}`);

  // A key of one's own comes from a key file (`readKeyFile`); this one is made for the example.
  using signer = createSigner(crypto.getRandomValues(new Uint8Array(32)));
  const certificate = await certify(engine, { relation: 'affected', values: ['shop'] }, { signer });
  console.log(
    `certified: shop is affected, in ${certificate.steps.length} steps from ${certificate.facts.length} facts`,
  );
  const statement = { facts: [...givenFacts(engine)], publicKey: Buffer.from(signer.publicKey).toString('base64') };
  await writeFile(join(folder, 'statement.json'), JSON.stringify(statement));
  console.log(`the second process: ${await askSecondProcess(folder, certificate)}`);
  const changed = structuredClone(certificate) as { claims: unknown };
  changed.claims = [['affected', 'tool']];
  console.log(`of another claim:   ${await askSecondProcess(folder, changed)}`);
}

async function askSecondProcess(folder: string, certificate: unknown): Promise<string> {
  await writeFile(join(folder, 'certificate.json'), JSON.stringify(certificate));
  const args = [...process.execArgv, ...process.argv.slice(0, 2).slice(1)];
  const tsNode = require.resolve('ts-node/dist/bin.js');
  const file = args.at(-1)!;
  const { stdout } = await promisify(execFile)(process.execPath, [tsNode, file, 'check', folder]);
  return stdout.trim();
}

/** The second process: rules of its own, facts and key as it got them from elsewhere. */
async function check(folder: string): Promise<void> {
  const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));
  const { facts, publicKey } = await read('statement.json');
  const certificate = await read('certificate.json');
  const verdict = checkCertificate(certificate, {
    rules,
    relations,
    facts,
    publicKey: Buffer.from(publicKey, 'base64'),
  });
  console.log(
    verdict.valid
      ? `it holds that ${verdict.claims.map(String).join('; ')}`
      : `refused at ${verdict.at}: ${verdict.reason}`,
  );
}

void main();
