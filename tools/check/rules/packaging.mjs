// Each package as it would be published: packed by npm, then judged by publint (the manifest and its files) and by
// are-the-types-wrong (types against code for every way of importing).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmCommand } from '../../bootstrap/install.mjs';
import { runProgram } from '../../bootstrap/program.mjs';
import { dependencyProgram, workspacePackages } from '../../bootstrap/repository.mjs';

/** @type {import('../finding.mjs').Rule} */
export const packaging = {
  name: 'packaging',
  summary: 'publint and are-the-types-wrong accept every package as npm packs it',
  async find(root) {
    const folder = mkdtempSync(join(tmpdir(), 'tenstrip-packed-'));
    try {
      const findings = [];
      for (const { name, folder: source } of workspacePackages(root)) {
        findings.push(...(await judgePacked(`packages/${name}/package.json`, await packPackage(source, folder))));
      }
      return findings;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/**
 * Packs a package and gives the tarball's path.
 *
 * @param {string} source
 * @param {string} destination
 */
export async function packPackage(source, destination) {
  const { command, args } = npmCommand(['pack', '--json', '--ignore-scripts', '--pack-destination', destination]);
  const { code, stdout, output } = await runProgram(command, args, { cwd: source });
  if (code !== 0) throw new Error(`npm pack failed in ${source}:\n${output}`);
  const packed = JSON.parse(stdout);
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed);
  return join(destination, filename);
}

/**
 * @param {string} file
 * @param {string} tarball
 */
async function judgePacked(file, tarball) {
  const publint = [dependencyProgram('publint'), 'run', tarball, '--strict'];
  const attw = [
    dependencyProgram('@arethetypeswrong/cli', 'attw'),
    tarball,
    ...['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--no-color', '--no-emoji'],
  ];
  const advice = 'Correct "exports", "files" or the build, then `npm run check` again.';
  const findings = [];
  for (const [name, args] of /** @type {const} */ ([
    ['publint', publint],
    ['attw', attw],
  ])) {
    const { code, output } = await runProgram(process.execPath, args, { cwd: tmpdir() });
    if (code !== 0) findings.push({ file, message: `${name}: ${output.trim()}`, advice });
  }
  return findings;
}
