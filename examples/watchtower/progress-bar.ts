// The progress bar: on standard error and only where that is a terminal, so that pipes and files stay clean.

import type { ReadProgress } from '@tenstrip/autoblocker-ledger';
import { Presets, SingleBar } from 'cli-progress';
import { count } from './wording';

/** A bar that follows a reading; `using` clears it away at the end. */
export interface ProgressBar extends Disposable {
  show(progress: ReadProgress): void;
}

const format = '  {bar} {percentage}%  {lines} lines  {events} events  {decisions} blocked  {eta_formatted}';

/** A bar on the terminal, or one that does nothing where standard error is no terminal. */
export function progressBar(): ProgressBar {
  if (!process.stderr.isTTY) return { show: () => {}, [Symbol.dispose]: () => {} };
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true, barsize: 28, gracefulExit: false },
    Presets.shades_classic,
  );
  bar.start(1, 0, { lines: 0, events: 0, decisions: 0 });
  return {
    show({ bytesRead, bytesTotal, lines, events, decisions }) {
      bar.setTotal(Math.max(bytesTotal, bytesRead, 1));
      bar.update(bytesRead, { lines: count(lines), events: count(events), decisions: count(decisions) });
    },
    [Symbol.dispose]: () => bar.stop(),
  };
}
