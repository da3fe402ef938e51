// Sources, tests, examples and tools type-check under the strict settings of tsconfig.base.json.

import { runProgram } from '../../bootstrap/program.mjs';
import { dependencyProgram } from '../../bootstrap/repository.mjs';

/** @type {import('../finding.mjs').Rule} */
export const compile = {
  name: 'compile',
  summary: 'tsc -b accepts sources, tests, examples and tools',
  async find(root) {
    const args = [dependencyProgram('typescript', 'tsc'), '-b', '--pretty', 'false'];
    const { code, output } = await runProgram(process.execPath, args, { cwd: root });
    const findings = [...output.matchAll(/^(\S[^\n(]*)\((\d+),\d+\): error (TS\d+): (.*)$/gm)].map(
      ([, file, line, id, message]) => ({
        file: String(file),
        line: Number(line),
        message: `${message} (${id})`,
        advice: 'Correct the types; `npx tsc -b` shows the whole message.',
      }),
    );
    if (findings.length > 0 || code === 0) return findings;
    return [
      { file: 'tsconfig.json', message: output.trim(), advice: 'The compiler could not run: correct what it names.' },
    ];
  },
};
