import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { runProgram } from '../bootstrap/program.mjs';
import { dependencyProgram, readManifest, repositoryRoot, workspacePackages } from '../bootstrap/repository.mjs';

it('gives every package one version and their dependencies on each other the same', { timeout: 120_000 }, async () => {
  const args = [dependencyProgram('nx'), 'release', 'version', '987.6.5', '--dry-run'];
  const printed = await runProgram(process.execPath, args, { cwd: repositoryRoot });
  const output = stripVTControlCharacters(printed.output);
  expect(printed.code, output).toBe(0);
  // Titles of the changed files go to standard error, so the changes are told apart by the names that stand in them.
  const ofExamples = stripVTControlCharacters(printed.stdout).split('"name": "@tenstrip/examples"')[1];
  for (const { name } of workspacePackages(repositoryRoot)) {
    expect(output).toContain(`packages/${name}/package.json is 987.6.5`);
    expect(ofExamples).toContain(`+     "@tenstrip/${name}": "987.6.5"`);
  }
  expect(readManifest(repositoryRoot).version).not.toBe('987.6.5');
});
