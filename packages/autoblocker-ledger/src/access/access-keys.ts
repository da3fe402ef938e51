// Who may ask, by their keys. Keys are held and compared as SHA-256, all of them each time, so that the time of an answer says
// nothing about any key.

import { equalBytes, sha256 } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { LedgerErrorCode } from '../errors/index.js';

/** A name: letters, digits, `.`, `_` and `-`, at most 64. */
export const holderName = z.string().regex(/^[\w.-]{1,64}$/);
/** A key: at least 16 characters. */
export const accessKey = z.string().min(16).max(256);

interface Holder {
  readonly name: string;
  readonly key: string;
}

/** Holders of keys, without their keys. */
export class AccessKeys<H extends Holder> {
  readonly #holders: readonly { readonly holder: Omit<H, 'key'>; readonly digest: Uint8Array }[];

  /** `schema`: one holder; `what`: their name in messages. @throws TenstripError `OptionsInvalid`; no key is in its message. */
  constructor(schema: z.ZodType<H>, holders: unknown, what: string) {
    const list = z
      .array(schema)
      .min(1)
      .max(1000)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'each name once')
      .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'each key once');
    const parsed = list.safeParse(holders);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`);
      throw new TenstripError<LedgerErrorCode>('OptionsInvalid', `The ${what} cannot be these: ${issues.join('; ')}.`, {
        details: { issues },
      });
    }
    this.#holders = parsed.data.map(({ key, ...holder }) => ({ holder, digest: digestOf(key) }));
  }

  /** The holder of this key. */
  find(key: string): Omit<H, 'key'> | undefined {
    const digest = digestOf(key);
    let found: Omit<H, 'key'> | undefined;
    for (const { holder, digest: known } of this.#holders) if (equalBytes(known, digest)) found = holder;
    return found;
  }
}

function digestOf(key: string): Uint8Array {
  return sha256(Buffer.from(key));
}
