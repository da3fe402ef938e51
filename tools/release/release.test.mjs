import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram, readManifest, repositoryRoot, workspacePackages } from '../bootstrap/repository.mjs';

it('gives every package one version and their dependencies on each other the same', { timeout: 120_000 }, async () => {
  const args = [dependencyProgram('nx'), 'release', 'version', '987.6.5', '--dry-run'];
  const { code, output: printed } = await runProgram(process.execPath, args, { cwd: repositoryRoot });
  const output = stripVTControlCharacters(printed);
  expect(code, output).toBe(0);
  for (const { name } of workspacePackages(repositoryRoot)) {
    expect(output).toContain(`packages/${name}/package.json is 987.6.5`);
    expect(output.split('UPDATE examples/package.json')[1]).toContain(`+     "@tenstrip/${name}": "987.6.5"`);
  }
  expect(readManifest(repositoryRoot).version).not.toBe('987.6.5');
});
