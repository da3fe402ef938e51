// Biome's formatter and linter have nothing to say.

import { runProgram } from '../../bootstrap/program.mjs';
import { dependencyProgram } from '../../bootstrap/repository.mjs';

/** @type {import('../finding.mjs').Rule} */
export const formatAndLint = {
  name: 'format-and-lint',
  summary: 'Biome finds nothing',
  async find(root) {
    const args = [dependencyProgram('@biomejs/biome', 'biome'), 'check', '--reporter=github', '--max-diagnostics=none'];
    const { code, output } = await runProgram(process.execPath, args, { cwd: root });
    const findings = [...output.matchAll(/^::\w+ title=([^,]+),file=([^,]+),line=(\d+),[^:]*::(.*)$/gm)].map(
      ([, title, file, line, message]) => ({
        file: String(file).replace(`${root}/`, ''),
        line: Number(line),
        message: `${message} (${title})`,
        advice: 'Run `npm run format`; what stays is to be changed by hand.',
      }),
    );
    if (findings.length > 0 || code === 0) return findings;
    return [{ file: 'biome.json', message: output.trim(), advice: 'Biome could not run: correct what it names.' }];
  },
};
