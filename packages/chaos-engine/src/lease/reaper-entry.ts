// The reaper: a process of its own session that outlives the engine and undoes what the engine left. It is told by lines of
// JSON on standard input what is held and for how long, and answers on standard output. When a time is over it undoes that
// lease; when the input closes, which is what the engine's death looks like however it died, it undoes all and ends. What it
// undid in time it still holds until the engine lets go of it: the engine may have been about to apply it just then.
// Node's built-in modules only.

import { createInterface } from 'node:readline';
import { lateRecords, undoAll } from './undo.js';
import type { UndoRecord } from './undo-record.js';

interface Hold {
  readonly id: string;
  readonly ttlMs: number;
  readonly undo: readonly UndoRecord[];
}

/** How often an undo that does not work is tried again: after 0.1 s, then ever later, for about a minute. */
const retryDelaysMs = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000];

/**
 * When the engine is gone, what it told others to do may still be on its way: a request in a socket, an nft that just runs. So
 * what is not in this kernel's hands at once is undone again after these times, in milliseconds.
 */
const lateMs = [50, 250, 1000, 3000];

interface Held {
  readonly hold: Hold;
  readonly timer: NodeJS.Timeout;
  /** What is just being undone. */
  undoing: Promise<void>;
}

const held = new Map<string, Held>();
/** What was tried so often without success that it is left to whoever opens the folder next. */
let givenUp = 0;

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
  const before = held.get(lease.id)?.undoing ?? Promise.resolve();
  release(lease.id);
  const timer = setTimeout(() => undo(lease), lease.ttlMs);
  held.set(lease.id, { hold: lease, timer, undoing: before });
}

function undo(lease: Hold): Promise<void> {
  const own = held.get(lease.id);
  if (own === undefined) return Promise.resolve();
  own.undoing = own.undoing.then(() => undoUntilDone(lease));
  return own.undoing;
}

/** Undoes a lease, trying again as long as it is held. */
async function undoUntilDone(lease: Hold): Promise<void> {
  for (let attempt = 0; held.get(lease.id)?.hold === lease; attempt++) {
    try {
      await undoAll(lease.undo);
      say({ expired: lease.id });
      return;
    } catch (problem) {
      const delayMs = retryDelaysMs[attempt];
      if (attempt === 0 || delayMs === undefined) say({ failed: lease.id, problem: String(problem) });
      if (delayMs === undefined) {
        givenUp++;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

/** Lets a lease go, when nothing of it is being undone any more: its target is free for another from then on. */
async function drop(id: string): Promise<void> {
  const { undoing } = held.get(id) ?? {};
  release(id);
  await undoing;
  say({ dropped: id });
}

/** The engine is gone. */
async function undoEverything(): Promise<void> {
  await Promise.all([...held.values()].toReversed().map((one) => undo(one.hold)));
  const late = [...held.values()].map((one) => lateRecords(one.hold.undo)).filter((records) => records.length > 0);
  for (const [index, delayMs] of lateMs.entries()) {
    if (late.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, delayMs - (lateMs[index - 1] ?? 0)));
    await Promise.allSettled(late.map(undoAll));
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
    void drop(message.drop);
  }
});
lines.on('close', () => void undoEverything().then(() => process.exit(givenUp > 0 ? 1 : 0)));
say({ ready: process.pid });
