// Starts child programs of these tests with the built package.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export type Child = ChildProcessByStdio<Writable, Readable, null>;

export function startChild(program: string, args: readonly string[], prefix: readonly string[] = []): Child {
  const path = fileURLToPath(new URL(`./${program}`, import.meta.url));
  const [command, ...rest] = [...prefix, process.execPath, path, ...args] as [string, ...string[]];
  return spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The next line that a child prints. */
export async function nextLine(child: Child): Promise<string> {
  let text = '';
  while (!text.includes('\n')) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text.trim();
}
