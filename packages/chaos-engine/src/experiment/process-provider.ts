// Activities that run a program, and the words of a command line. There is no shell: arguments that are one text are split as
// a shell splits them, and what only a shell can do is refused. The answer is `{ status, stdout, stderr }`.

import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { ActivityFailure, failureText } from './activity-failure.js';
import type { Provider } from './experiment.js';
import type { ProgramAnswer, ProviderCall } from './provider-context.js';
import { substitute } from './substitution.js';

type ProcessProvider = Extract<Provider, { type: 'process' }>;

const maximumOutputBytes = 8 << 20;

/** Runs a program to its end. @throws ActivityFailure when it cannot be run or may not be */
export async function callProcess(provider: ProcessProvider, call: ProviderCall): Promise<ProgramAnswer> {
  const fill = (value: unknown): unknown => substitute(value, call.configuration, call.secrets);
  const path = String(fill(provider.path));
  const { process: allowed = true } = call.allow;
  if (allowed === false || (Array.isArray(allowed) && !allowed.includes(path))) {
    throw new ActivityFailure(`the program ${path} is not allowed`);
  }
  const program = path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
  return runProgram(program, wordsOf(fill(provider.arguments)), '', call);
}

function wordsOf(given: unknown): string[] {
  if (given === undefined || given === null) return [];
  if (typeof given === 'string') return splitWords(given);
  const list = Array.isArray(given) ? given : Object.entries(given).flat();
  return list.filter((one) => one !== '' && one !== null && one !== undefined).map(textOf);
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The words of a command line (POSIX shell, section 2.2: quoting). @throws ActivityFailure for what only a shell can do */
function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const one = line[at] as string;
    if (/\s/.test(one)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (one === "'" || one === '"') {
      const [inner, end] = quoted(line, at);
      word = (word ?? '') + inner;
      at = end;
    } else if (one === '\\' && at + 1 < line.length) word = (word ?? '') + line[++at];
    else if ('|&;<>()$`'.includes(one) || (word === undefined && '*?[#~'.includes(one))) {
      throw new ActivityFailure(
        `the arguments ${JSON.stringify(line)} need a shell for ${one}; give a list of words, or run one by its path`,
      );
    } else word = (word ?? '') + one;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function quoted(line: string, from: number): [text: string, end: number] {
  const quote = line[from];
  let text = '';
  for (let at = from + 1; at < line.length; at++) {
    const one = line[at] as string;
    if (one === quote) return [text, at];
    const escapes = quote === '"' && one === '\\' && '"\\$`'.includes(line[at + 1] ?? ' ');
    text += escapes ? line[++at] : one;
  }
  throw new ActivityFailure(`a quoted text of the arguments ${JSON.stringify(line)} does not end`);
}

/** Runs a program as whoever allows it wants, or in a process group of its own, which ends when the signal aborts. */
export function runProgram(
  program: string,
  args: readonly string[],
  input: string,
  { signal, env, allow }: Pick<ProviderCall, 'signal' | 'env' | 'allow'>,
): Promise<ProgramAnswer> {
  if (typeof allow.process === 'function') return allow.process(program, args, input, signal);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, env: env as NodeJS.ProcessEnv });
    const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let room = maximumOutputBytes;
    let problem: Error | undefined;
    const end = (why: Error): void => {
      problem ??= why;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    };
    const onAbort = (): void => end(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        room -= chunk.length;
        if (room < 0) end(new ActivityFailure(`${program} said more than ${maximumOutputBytes} bytes`));
        else said[name].push(chunk);
      });
    }
    child.stdin.on('error', () => {}); // It ended without reading.
    child.stdin.end(input);
    child.on('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(new ActivityFailure(`${program} cannot be run: ${failureText(error)}`));
    });
    child.on('close', (code, killed) => {
      signal.removeEventListener('abort', onAbort);
      if (problem !== undefined) return reject(problem);
      const status = code ?? -signalNumber(killed);
      resolve({ status, stdout: Buffer.concat(said.stdout).toString(), stderr: Buffer.concat(said.stderr).toString() });
    });
  });
}

/** Python's way of telling a signal: its number, negative. */
function signalNumber(name: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGABRT: 6,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGTERM: 15,
  };
  return (name === null ? undefined : numbers[name]) ?? 1;
}
