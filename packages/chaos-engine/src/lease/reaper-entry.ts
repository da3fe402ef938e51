// The reaper: a process of its own session that outlives the engine and undoes what the engine left. It is told by lines of
// JSON on standard input what is held and for how long, and answers on standard output. When a time is over it undoes that
// lease; when the input closes, which is what the engine's death looks like however it died, it undoes all and ends. What it
// undid in time it still holds until the engine lets go of it: the engine may have been about to apply it just then.
// Node's built-in modules only.

import { createInterface } from 'node:readline';
import { undoAll } from './undo.js';
import type { UndoRecord } from './undo-record.js';

interface Hold {
  readonly id: string;
  readonly ttlMs: number;
  readonly undo: readonly UndoRecord[];
}

/** How often an undo that does not work is tried again: after 0.1 s, then ever later, for about a minute. */
const retryDelaysMs = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000];

const held = new Map<string, { hold: Hold; timer: NodeJS.Timeout }>();

// A service manager tells the whole group to end: the engine ends first, and then this does its work.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'] as const) process.on(name, () => {});
process.stdout.on('error', () => {}); // The engine is gone; the input says so too.

function say(message: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function release(id: string): void {
  clearTimeout(held.get(id)?.timer);
  held.delete(id);
}

function hold(lease: Hold): void {
  release(lease.id);
  const timer = setTimeout(() => void undo(lease), lease.ttlMs);
  held.set(lease.id, { hold: lease, timer });
}

/** Undoes a lease, trying again as long as it is held. */
async function undo(lease: Hold): Promise<void> {
  for (let attempt = 0; held.get(lease.id)?.hold === lease; attempt++) {
    try {
      await undoAll(lease.undo);
      if (held.get(lease.id)?.hold === lease) say({ expired: lease.id });
      return;
    } catch (problem) {
      const delayMs = retryDelaysMs[attempt];
      if (attempt === 0 || delayMs === undefined) say({ failed: lease.id, problem: String(problem) });
      if (delayMs === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  let message: { hold?: Hold; drop?: string };
  try {
    message = JSON.parse(line);
  } catch {
    return; // Torn by the engine's death: what it says was never answered, so nothing was applied.
  }
  if (message.hold !== undefined) {
    hold(message.hold);
    say({ held: message.hold.id });
  } else if (message.drop !== undefined) {
    release(message.drop);
    say({ dropped: message.drop });
  }
});
lines.on('close', async () => {
  await Promise.all([...held.values()].toReversed().map((one) => undo(one.hold)));
  process.exit(0);
});
say({ ready: process.pid });
