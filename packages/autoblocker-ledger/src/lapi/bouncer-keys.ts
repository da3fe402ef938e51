// Who may ask: bouncers by their keys. Keys are held and compared as SHA-256, all of them each time, so that the time of an
// answer says nothing about any key.

import { equalBytes, sha256 } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import type { LedgerErrorCode } from '../errors/index.js';

/** A bouncer that may ask. */
export interface Bouncer {
  /** Names its place in the stream: letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  /** At least 16 characters; make it with `openssl rand -hex 32`. */
  readonly key: string;
  /** The service that it stands before, such as `http`. Default: none, so that it gets decisions for all domains only. */
  readonly domain?: string;
}

const bouncersSchema = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[\w.-]{1,64}$/),
      key: z.string().min(16).max(256),
      domain: z.string().min(1).max(64).optional(),
    }),
  )
  .min(1)
  .max(1000)
  .refine((bouncers) => new Set(bouncers.map(({ name }) => name)).size === bouncers.length, 'each name once')
  .refine((bouncers) => new Set(bouncers.map(({ key }) => key)).size === bouncers.length, 'each key once');

interface KnownBouncer {
  readonly name: string;
  readonly domain: string | undefined;
  readonly digest: Uint8Array;
}

/** The bouncers of a server. */
export class BouncerKeys {
  readonly #bouncers: readonly KnownBouncer[];

  /** @throws TenstripError `OptionsInvalid`; no key is in its message. */
  constructor(bouncers: readonly Bouncer[]) {
    const parsed = bouncersSchema.safeParse(bouncers);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => `bouncers.${path.join('.')}: ${message}`);
      throw new TenstripError<LedgerErrorCode>('OptionsInvalid', `Bouncers cannot be these: ${issues.join('; ')}.`, {
        details: { issues },
      });
    }
    this.#bouncers = parsed.data.map(({ name, domain, key }) => ({ name, domain, digest: digestOf(key) }));
  }

  /** The bouncer with this key. */
  find(key: string): { readonly name: string; readonly domain: string | undefined } | undefined {
    const digest = digestOf(key);
    let found: KnownBouncer | undefined;
    for (const bouncer of this.#bouncers) if (equalBytes(bouncer.digest, digest)) found = bouncer;
    return found;
  }
}

function digestOf(key: string): Uint8Array {
  return sha256(Buffer.from(key));
}
