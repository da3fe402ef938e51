// Who may ask: bouncers by their keys.

import { z } from 'zod';
import { AccessKeys, accessKey, holderName } from '../access/index.js';

/** A bouncer that may ask. */
export interface Bouncer {
  /** Names its place in the stream: letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  /** At least 16 characters; make it with `openssl rand -hex 32`. */
  readonly key: string;
  /** The service that it stands before, such as `http`. Default: none, so that it gets decisions for all domains only. */
  readonly domain?: string | undefined;
}

const bouncerSchema: z.ZodType<Bouncer> = z.strictObject({
  name: holderName,
  key: accessKey,
  domain: z.string().min(1).max(64).optional(),
});

/** The bouncers of a server. @throws TenstripError `OptionsInvalid`; no key is in its message. */
export function bouncerKeys(bouncers: readonly Bouncer[]): AccessKeys<Bouncer> {
  return new AccessKeys(bouncerSchema, bouncers, 'bouncers');
}
