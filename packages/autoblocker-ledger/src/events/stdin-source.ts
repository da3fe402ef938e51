// Lines of a stream that cannot be read again, such as standard input. No positions: after a restart it is another stream.

import type { LineBatch, LineSource } from './line-source.js';
import { LineSplitter } from './line-splitter.js';

/** Lines of `process.stdin` or another stream of bytes. */
export class StdinSource implements LineSource {
  readonly name: string;
  readonly sizeBytes = 0;
  readonly modifiedMs = undefined;
  readonly resumedAt = 0;
  readonly rotations = 0;
  readonly #stream: AsyncIterable<Uint8Array>;
  readonly #maxLineBytes: number;

  constructor(stream: AsyncIterable<Uint8Array>, name = '-', maxLineBytes = 8192) {
    this.#stream = stream;
    this.name = name;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Reads the stream to its end, or until the signal aborts. */
  async *batches(signal?: AbortSignal): AsyncGenerator<LineBatch> {
    const splitter = new LineSplitter(0, this.#maxLineBytes);
    for await (const chunk of this.#stream) {
      if (signal?.aborted) return;
      yield {
        lines: splitter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)),
        end: splitter.offset,
      };
    }
    const last = splitter.finish();
    if (last !== undefined) yield { lines: [last], end: splitter.offset };
  }

  /** A stream cannot be read again. */
  async position(): Promise<undefined> {}

  /** Does nothing: the stream is the caller's. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
