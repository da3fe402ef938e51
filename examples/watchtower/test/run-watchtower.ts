// Starts the real program as a child process, as npm start does, and waits for its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = resolve(__dirname, '../main.ts');
const project = resolve(__dirname, '../../tsconfig.json');

/** The recorded logs that come with the project. */
export const record = resolve(__dirname, '../../../tools/lab/record');

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

/** Starts watchtower in `cwd`; types are checked by the compiler, not at every start. */
export function start(cwd: string, args: readonly string[], options: { uid?: number } = {}): ChildProcess {
  const env = {
    ...process.env,
    TS_NODE_PROJECT: project,
    TS_NODE_TRANSPILE_ONLY: '1',
    NODE_NO_WARNINGS: '1',
    TZ: 'UTC',
  };
  return spawn(process.execPath, ['--require', 'ts-node/register', program, ...args], { cwd, env, ...options });
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
    events: number;
    firstSeen: string;
    from: string;
    until: string;
    decisions: number[];
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
