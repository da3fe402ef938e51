// The keys of an authority that keeps its own: `signing.key`, sealed by a passphrase, and `keys.json` with those that signed before. A
// rotation leaves no moment at which a kill would lose a key that signed, or let the old one sign on: what is intended stands in
// `keys.json` with the next key in `next.key`; then the statement is logged; then `next.key` takes the place of `signing.key`. What a
// kill left half done is completed when the statement is in the log, and dropped when it is not.
import { access, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigner, readKeyFile, type Signer, writeKeyFile } from '@tenstrip/shared-core/crypto';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import { writeWholeFile } from '@tenstrip/shared-core/files';
import { z } from 'zod';
import type { AttestationErrorCode } from '../errors/index.js';
import type { TrustedKey } from '../trust/index.js';

/** A rotation that is under way, or was when the process ended. */
export interface PendingRotation {
  /** The vkeys. */
  readonly from: string;
  readonly to: string;
  /** The size of the log with the statement as its last entry. */
  readonly atSize: bigint;
  /** The statement's digest, as its entry has it: hex. */
  readonly digest: string;
}

const decimal = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(BigInt);
const vkey = z.string().min(1).max(1024);
const recordSchema = z.strictObject({
  previous: z.array(z.strictObject({ vkey, fromSize: decimal.optional(), untilSize: decimal })).max(63),
  pending: z
    .strictObject({ from: vkey, to: vkey, atSize: decimal, digest: z.string().regex(/^[0-9a-f]{64}$/) })
    .optional(),
});

/** The keys in an authority's folder. */
export class KeyFolder {
  readonly #folder: string;
  readonly #passphrase: string;
  #previous: readonly TrustedKey[] = [];
  #pending: PendingRotation | undefined;

  private constructor(folder: string, passphrase: string) {
    this.#folder = folder;
    this.#passphrase = passphrase;
  }

  /**
   * Reads the folder's keys, or makes the first one from `seed`.
   * @throws TenstripError `SigningKeyInvalid` when `keys.json` is damaged; shared-core's `KeyInvalid` for a key file
   */
  static async open(folder: string, passphrase: string, seed: () => Uint8Array): Promise<readonly [KeyFolder, Signer]> {
    const keys = new KeyFolder(folder, passphrase);
    await keys.#readRecord();
    if (!(await exists(keys.#path('signing.key')))) {
      await writeKeyFile(keys.#path('signing.key'), seed(), passphrase).catch((error: Error) => {
        // Of two processes that open a new authority one is to be told that it is locked.
        if (!isTenstripError(error.cause, 'FileExists')) throw error;
      });
    }
    return [keys, await keys.signer()];
  }

  /** The keys that signed before, oldest first. */
  get previous(): readonly TrustedKey[] {
    return this.#previous;
  }

  /** A rotation that was begun and not ended. */
  get pending(): PendingRotation | undefined {
    return this.#pending;
  }

  /** A signer with the present key. @throws TenstripError `KeyInvalid` */
  async signer(): Promise<Signer> {
    const seed = await readKeyFile(this.#path('signing.key'), this.#passphrase);
    const signer = createSigner(seed);
    seed.fill(0);
    return signer;
  }

  /** Keeps the next key and what is intended; to be called before the statement is logged. */
  async begin(pending: PendingRotation, seed: Uint8Array): Promise<void> {
    await rm(this.#path('next.key'), { force: true }); // of a rotation that was dropped
    await writeKeyFile(this.#path('next.key'), seed, this.#passphrase);
    await this.#writeRecord(this.#previous, pending);
  }

  /** The next key takes the place of the present one, which is gone; to be called when the statement is logged. */
  async complete(): Promise<void> {
    const { from, atSize } = this.#pending!;
    if (await exists(this.#path('next.key'))) await rename(this.#path('next.key'), this.#path('signing.key'));
    const fromSize = this.#previous.at(-1)?.untilSize;
    const old = { vkey: from, untilSize: atSize, ...(fromSize === undefined ? {} : { fromSize }) };
    await this.#writeRecord([...this.#previous, old], undefined);
  }

  /** Forgets a rotation whose statement is not in the log. */
  async drop(): Promise<void> {
    await rm(this.#path('next.key'), { force: true });
    await this.#writeRecord(this.#previous, undefined);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #readRecord(): Promise<void> {
    const path = this.#path('keys.json');
    if (!(await exists(path))) return;
    try {
      const { previous, pending } = recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      this.#previous = previous.map(({ fromSize, ...key }) => (fromSize === undefined ? key : { ...key, fromSize }));
      this.#pending = pending;
    } catch (cause) {
      throw new TenstripError<AttestationErrorCode>(
        'SigningKeyInvalid',
        `${path} is damaged: it names the keys that signed the log before. Restore it from a copy.`,
        { cause, details: { path } },
      );
    }
  }

  /** Syncs the folder too, and so the renames and removals before it. @throws TenstripError `FileUnwritable` */
  async #writeRecord(previous: readonly TrustedKey[], pending: PendingRotation | undefined): Promise<void> {
    const text = JSON.stringify({ previous, pending }, (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    await writeWholeFile(this.#path('keys.json'), `${text}\n`, { mode: 0o600, replace: true });
    this.#previous = previous;
    this.#pending = pending;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
