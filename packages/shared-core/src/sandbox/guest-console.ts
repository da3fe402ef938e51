// What a guest prints, line by line into the host's log. Lines are cut and counted: a guest cannot fill the log.
import type { Logger } from '../logging/index.js';

const maxLineLength = 4096;
const maxLinesPerCall = 1000;

/** The console of one isolate. Text is data in the log line, never the message. */
export class GuestConsole {
  readonly #logger: Logger;
  readonly #partial = { stdout: '', stderr: '' };
  #lines = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  begin(): void {
    this.#lines = 0;
  }

  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    const lines = (this.#partial[stream] + Buffer.from(chunk).toString('utf8')).split('\n');
    this.#partial[stream] = (lines.pop() ?? '').slice(0, maxLineLength);
    for (const line of lines) this.#log(stream, line);
  }

  #log(stream: 'stdout' | 'stderr', text: string): void {
    this.#lines += 1;
    if (this.#lines <= maxLinesPerCall)
      this.#logger.info({ stream, text: text.slice(0, maxLineLength) }, 'isolate console');
    else if (this.#lines === maxLinesPerCall + 1)
      this.#logger.warn({ maxLinesPerCall }, 'isolate console: more lines dropped');
  }
}
