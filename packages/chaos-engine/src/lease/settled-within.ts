// A wait with an end, by the time of the machine: what is waited for are real processes.

import { systemClock } from '@tenstrip/shared-core';

/** Waits for work, however it ends, but no longer than this. */
export async function settledWithin(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  if (work === undefined) return;
  let alarm: Disposable | undefined;
  const over = new Promise<void>((resolve) => {
    alarm = systemClock.schedule(ms, resolve, { keepAlive: true });
  });
  await Promise.race([work.catch(() => {}), over]);
  alarm?.[Symbol.dispose]();
}
