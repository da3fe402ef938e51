// Every export of every package can be required: CommonJS users load the same files, which a top-level
// await anywhere below an export would forbid.

import { runProgram } from '../../bootstrap/program.mjs';
import { workspacePackages } from '../../bootstrap/repository.mjs';

/** Loads one specifier in a process of its own; prints why it could not. */
const PROGRAM = `
const { createRequire } = require('node:module');
const specifier = process.argv[1];
try { createRequire(process.cwd() + '/package.json')(specifier); }
catch (error) { console.log((error.code ?? error.name) + ': ' + error.message.split('\\n')[0]); process.exitCode = 1; }
`;

/** @type {import('../finding.mjs').Rule} */
export const loading = {
  name: 'loading',
  summary: 'every export of every package can be required, so none has a top-level await',
  async find(root) {
    const findings = [];
    for (const { name, folder, manifest } of workspacePackages(root)) {
      for (const subpath of Object.keys(manifest.exports ?? {}).filter((path) => !path.endsWith('.json'))) {
        const specifier = manifest.name + subpath.slice(1);
        const { code, stdout, output } = await runProgram(process.execPath, ['-e', PROGRAM, specifier], {
          cwd: folder,
        });
        if (code === 0) continue;
        const message = `require('${specifier}') fails: ${(stdout || output).trim()}`;
        const advice = 'Take top-level await out of the module and of all that it imports; build before checking.';
        findings.push({ file: `packages/${name}/package.json`, message, advice });
      }
    }
    return findings;
  },
};
