// Starts the real program as a child process, as npm start does, and waits for its end.

import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { vi } from 'vitest';
import type { ActorClass } from '../attack-taxonomy';

// A start takes a second on a quiet machine; no test is about how long it takes on a busy one.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const repository = resolve(__dirname, '../../..');
const source = join(repository, 'examples/watchtower');

/** The recorded logs that come with the project. */
export const record = join(repository, 'tools/lab/record');

/** What a finished run left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for one test; `using` removes it. */
export class Scratch implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'watchtower-'));

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts watchtower in `cwd`. */
export function start(cwd: string, args: readonly string[], options: { uid?: number } = {}): ChildProcess {
  const env = { ...process.env, NODE_NO_WARNINGS: '1', TZ: 'UTC' };
  return spawn(process.execPath, [compiledProgram(), ...args], { cwd, env, ...options });
}

/** Starts watchtower as `npm start` does: TypeScript, through ts-node. */
export function startByTsNode(cwd: string, args: readonly string[]): ChildProcess {
  const tsNode = createRequire(__filename).resolve('ts-node/register');
  const env = {
    ...process.env,
    TS_NODE_PROJECT: join(repository, 'examples/tsconfig.json'),
    TS_NODE_TRANSPILE_ONLY: '1',
  };
  return spawn(process.execPath, ['--require', tsNode, join(source, 'main.ts'), ...args], { cwd, env });
}

let compiled: string | undefined;

/**
 * The program as JavaScript, compiled once for each test file, since tests start it many times. Its folder looks like the
 * repository to it.
 */
function compiledProgram(): string {
  if (compiled !== undefined) return compiled;
  const scratch = new Scratch();
  process.once('exit', () => scratch[Symbol.dispose]());
  chmodSync(scratch.folder, 0o755);
  for (const name of ['node_modules', 'tools']) symlinkSync(join(repository, name), scratch.path(name));
  const target = scratch.path('examples', 'watchtower');
  mkdirSync(join(target, 'report'), { recursive: true });
  for (const name of [
    ...readdirSync(source),
    ...readdirSync(join(source, 'report')).map((file) => join('report', file)),
  ]) {
    if (/\.(?:css|js)$/.test(name)) cpSync(join(source, name), join(target, name));
    if (name.endsWith('.ts')) writeFileSync(join(target, name.replace(/ts$/, 'js')), transpiled(join(source, name)));
  }
  compiled = join(target, 'main.js');
  return compiled;
}

function transpiled(path: string): string {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  return ts.transpileModule(readFileSync(path, 'utf8'), { compilerOptions }).outputText;
}

/** What a started program leaves at its end. */
export function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => {
    stdout += text;
  });
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

/** Runs watchtower to its end. */
export function watchtower(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return finished(start(cwd, args));
}

/** The document that `--json` printed: the last line. */
export function documentOf(run: Finished): RunDocument {
  return JSON.parse(run.stdout.trimEnd().split('\n').at(-1) ?? '') as RunDocument;
}

/** The part of the document that tests look at. */
export interface RunDocument {
  readonly input: {
    readonly lines: number;
    readonly events: number;
    readonly sources: readonly {
      path: string;
      lines: number;
      events: number;
      unrecognised: number;
      cut: number;
      garbled: number;
      rotations: number;
      resumedAt: number;
    }[];
    readonly skipped: readonly { path: string; code: string; message: string }[];
  };
  readonly blocked: readonly {
    kind: string;
    target: string;
    scenarios: string[];
    evidence: number;
    firstSeen: string;
    from: string;
    until: string;
    decisions: number[];
    classes: ActorClass[];
  }[];
  readonly score: {
    precision: number;
    recall: number;
    attackersAbove: number;
    legitimate: number;
    wronglyBlocked: string[];
    missed: unknown[];
  } | null;
  readonly ledger: {
    folder: string;
    size: number;
    checkpoint: string;
    verifierKey: string;
    verified: boolean;
    problems: { entry: number; code: string; message: string }[];
  };
  readonly report: string;
  readonly interrupted: boolean;
}
