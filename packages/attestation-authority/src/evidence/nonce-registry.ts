// Challenges that are open: random octets for one audience, good once and for a while. Kept in two generations, of which the older is
// dropped whole: memory is bounded, every call takes the same time, and no timer runs. What was used is remembered as long as it could
// be presented, so that reuse and expiry have names of their own.
import { type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { type AttestationErrorCode, checked, type Refusal, refuse } from '../errors/index.js';

/** A challenge. */
export interface Challenge {
  /** 32 random octets. */
  readonly nonce: Uint8Array;
  /** In milliseconds since 1970. */
  readonly challengedAt: number;
  /** Until when it can be redeemed, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A challenge that was answered in time, for the first time. */
export interface Redemption {
  readonly ok: true;
  /** In milliseconds since 1970. */
  readonly challengedAt: number;
}

/** Options of a {@link NonceRegistry}. */
export interface NonceRegistryOptions {
  /** Whose clock and entropy it uses. Default: ungoverned. */
  readonly governor?: Pick<ResourceGovernor, 'clock' | 'entropy'>;
  /** How long a challenge can be redeemed, in milliseconds. Default 60,000. */
  readonly ttlMs?: number;
  /** Challenges of one generation, which is as long as `ttlMs`; about 250 bytes each. Default 65,536. */
  readonly maxPerGeneration?: number;
}

interface Entry {
  readonly audience: string;
  readonly challengedAt: number;
  /** Of the monotonic clock: the wall clock may be set back. */
  readonly issuedMs: number;
  used: boolean;
}

const nonceBytes = 32;
const maximumAudience = 512;
const optionsSchema = z.strictObject({
  governor: z.custom<Pick<ResourceGovernor, 'clock' | 'entropy'>>().default(() => ungoverned),
  ttlMs: z.number().min(1).max(86_400_000).default(60_000),
  maxPerGeneration: z.int().min(1).max(10_000_000).default(65_536),
});

/** Issues challenges and takes each answer once. In memory: one that another process issued is unknown here. */
export class NonceRegistry {
  readonly #options: z.output<typeof optionsSchema>;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #youngSinceMs: number;

  /** @throws TenstripError `OptionsInvalid` */
  constructor(options: NonceRegistryOptions = {}) {
    this.#options = checked(optionsSchema, options, 'what a nonce registry can be made with');
    this.#youngSinceMs = this.#options.governor.clock.monotonicMs();
  }

  /** Challenges that are remembered, open and used. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * A fresh challenge for one audience: the name of a device, or of a key.
   * @throws TenstripError `NoncesExhausted` (retryable) when the generation is full; `RequestInvalid` for a name of no or over 512 characters
   */
  challenge(audience: string): Challenge {
    if (audience.length < 1 || audience.length > maximumAudience) {
      throw new TenstripError<AttestationErrorCode>(
        'RequestInvalid',
        'The audience of a challenge has 1 to 512 characters.',
      );
    }
    const { governor, ttlMs, maxPerGeneration } = this.#options;
    const issuedMs = this.#turn();
    if (this.#young.size >= maxPerGeneration) {
      throw new TenstripError<AttestationErrorCode>(
        'NoncesExhausted',
        `${this.#young.size} challenges were made in ${ttlMs} ms. Wait, or raise maxPerGeneration.`,
        { retryable: true, details: { open: this.#young.size } },
      );
    }
    const nonce = governor.entropy(nonceBytes);
    const challengedAt = governor.clock.now();
    this.#young.set(textOf(nonce), { audience, challengedAt, issuedMs, used: false });
    return { nonce, challengedAt, expiresAt: challengedAt + ttlMs };
  }

  /**
   * Takes a challenge back from its audience; from then on it is used. `NONCE_UNKNOWN` when it was not made here, for somebody else, or so
   * long ago that it is forgotten; `NONCE_REUSED`; `NONCE_EXPIRED`.
   */
  redeem(nonce: Uint8Array, audience: string): Redemption | Refusal {
    const now = this.#turn();
    const text = nonce instanceof Uint8Array && nonce.length === nonceBytes ? textOf(nonce) : '';
    const entry = this.#young.get(text) ?? this.#old.get(text);
    if (entry === undefined || entry.audience !== audience) {
      return refuse('NONCE_UNKNOWN', 'nonce', 'it was not made here for this device, or is long expired');
    }
    if (entry.used) return refuse('NONCE_REUSED', 'nonce', 'it was used before');
    entry.used = true;
    const age = now - entry.issuedMs;
    if (age > this.#options.ttlMs) {
      return refuse('NONCE_EXPIRED', 'nonce', `it is ${age} ms old; ${this.#options.ttlMs} ms are allowed`);
    }
    return { ok: true, challengedAt: entry.challengedAt };
  }

  /** Begins a new generation when the young one is as old as a challenge can get. @returns the time */
  #turn(): number {
    const now = this.#options.governor.clock.monotonicMs();
    const age = now - this.#youngSinceMs;
    if (age <= this.#options.ttlMs) return now;
    this.#old = age <= 2 * this.#options.ttlMs ? this.#young : new Map();
    this.#young = new Map();
    this.#youngSinceMs = now;
    return now;
  }
}

function textOf(nonce: Uint8Array): string {
  return Buffer.from(nonce.buffer, nonce.byteOffset, nonce.length).toString('latin1');
}
