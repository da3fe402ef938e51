// How far each bouncer has come, for each filter that it asks with: kept in a small file, so that a restart of this side
// makes nobody miss anything. A place that is written too late repeats changes, and never loses any.

import { readFile, rename, writeFile } from 'node:fs/promises';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { LedgerErrorCode } from '../errors/index.js';
import type { StreamPlace } from './decision-stream.js';

/** Places kept; the one that was asked for longest ago goes first, and its bouncer is given everything anew. */
const maxPlaces = 10_000;

const placeSchema = z
  .object({ cursor: z.string().regex(/^-?\d{1,19}$/), time: z.number() })
  .transform(({ cursor, time }): StreamPlace => ({ cursor: BigInt(cursor), time }));

const fileSchema = z.object({
  version: z.literal(1),
  places: z.record(z.string(), z.array(placeSchema).min(1).max(2)),
});

/** Places by bouncer and filter. */
export class BouncerPlaces {
  readonly #file: string | undefined;
  /** The newest place and the one before it. Least recently set first. */
  readonly #places = new Map<string, readonly StreamPlace[]>();
  #writing: Promise<void> = Promise.resolve();
  #writeWaits = false;

  private constructor(file: string | undefined) {
    this.#file = file;
  }

  /** Reads the file, if there is one. @throws TenstripError `OptionsInvalid` when it is not what was written here. */
  static async open(file: string | undefined): Promise<BouncerPlaces> {
    const opened = new BouncerPlaces(file);
    const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(nothingWhenMissing);
    if (text === undefined) return opened;
    try {
      const { places } = fileSchema.parse(JSON.parse(text));
      for (const [key, known] of Object.entries(places)) opened.#places.set(key, known);
      return opened;
    } catch (cause) {
      const message = `${file} does not hold the places of bouncers. Remove it: each bouncer is then given everything anew.`;
      throw new TenstripError<LedgerErrorCode>('OptionsInvalid', message, { details: { issues: [message] }, cause });
    }
  }

  /** Where a running bouncer is. */
  get(key: string): StreamPlace | undefined {
    return this.#places.get(key)?.[0];
  }

  /** What a bouncer that starts anew has certainly carried out: it may have died with its last answer in hand. */
  beforeLast(key: string): StreamPlace | undefined {
    return this.#places.get(key)?.at(-1);
  }

  /** Takes a place in, and writes the file soon. */
  set(key: string, place: StreamPlace): void {
    const last = this.get(key);
    this.#places.delete(key);
    this.#places.set(key, last === undefined ? [place] : [place, last]);
    if (this.#places.size > maxPlaces) this.#places.delete(this.#places.keys().next().value!);
    if (this.#writeWaits || this.#file === undefined) return;
    this.#writeWaits = true;
    this.#writing = this.#writing.then(() => this.#write(this.#file!));
  }

  /** Resolves when everything is written. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #write(file: string): Promise<void> {
    this.#writeWaits = false;
    const places = Object.fromEntries(
      Array.from(this.#places, ([key, known]) => [
        key,
        known.map(({ cursor, time }) => ({ cursor: String(cursor), time })),
      ]),
    );
    try {
      await writeFile(`${file}.new`, JSON.stringify({ version: 1, places }), { mode: 0o600 });
      await rename(`${file}.new`, file);
    } catch {
      // The next change writes it again; until then a restart repeats what bouncers know.
    }
  }
}

function nothingWhenMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
