// A proof leaves the process that found it: a second one, which has only the JSON and the checker, accepts it, and refuses it after one
// digit was changed. Run it with `npx ts-node examples/symbolic-reducer/proof-in-second-process.ts`.
import { spawnSync } from 'node:child_process';
import { ExpressionStore, parseText, proveEqual } from '@tenstrip/symbolic-reducer';

/** The whole second process. */
const checker = `
  import { checkCertificate } from '@tenstrip/symbolic-reducer';
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const result = checkCertificate(JSON.parse(text));
  console.log(result.accepted ? 'accepted' : 'refused: ' + result.problem);
`;

function main(): void {
  const store = new ExpressionStore();
  const left = parseText(store, '(x^3 - y^3)/(x - y) + sin(2*w)');
  const right = parseText(store, 'x^2 + x*y + y^2 + 2*sin(w)*cos(w)');
  const verdict = proveEqual(store, left, right);
  if (verdict.kind !== 'proved') throw new Error(verdict.kind);
  const proof = JSON.stringify(verdict.certificate);
  console.log(`a proof of ${verdict.certificate.kind}`);
  console.log(`second process: ${checkElsewhere(proof)}`);
  console.log(`after a change: ${checkElsewhere(proof.replace('["Power","x",3]', '["Power","x",4]'))}`);
}

function checkElsewhere(proof: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', checker], {
    input: proof,
    encoding: 'utf8',
    cwd: __dirname,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

main();
