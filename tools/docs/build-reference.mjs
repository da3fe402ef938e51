// `npm run docs`: the API reference of all packages by TypeDoc, into docs/api. A warning is an error: an undocumented public name
// or a broken link ends it.
import { spawn } from 'node:child_process';
import { dependencyProgram, repositoryRoot } from '../bootstrap/repository.mjs';
import { setUp } from '../bootstrap/set-up.mjs';

/** Gives TypeDoc's exit code. */
export async function buildReference() {
  await setUp();
  return await new Promise((resolve, reject) => {
    const args = [dependencyProgram('typedoc'), '--options', 'typedoc.json'];
    const child = spawn(process.execPath, args, { cwd: repositoryRoot, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
