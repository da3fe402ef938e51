import { ResourceGovernor, testing, VirtualClock } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { NonceRegistry, type NonceRegistryOptions } from '../../../src/index.js';

function registry(options: Omit<NonceRegistryOptions, 'governor'> = {}) {
  const clock = new VirtualClock(1_000_000);
  let made = 0;
  const entropy = (length: number) => {
    const octets = new Uint8Array(length);
    new DataView(octets.buffer).setUint32(0, ++made);
    return octets;
  };
  return { clock, nonces: new NonceRegistry({ governor: { clock, entropy }, ...options }) };
}

describe('a challenge', () => {
  it('is good once', () => {
    const { nonces } = registry();
    const { nonce, challengedAt, expiresAt } = nonces.challenge('device');
    expect([nonce.length, challengedAt, expiresAt]).toEqual([32, 1_000_000, 1_060_000]);
    expect(nonces.redeem(nonce, 'device')).toEqual({ ok: true, challengedAt });
    expect(nonces.redeem(nonce, 'device')).toMatchObject({ code: 'NONCE_REUSED' });
  });

  it('is good for 60 s, then expired, then forgotten', async () => {
    const { nonces, clock } = registry();
    const [a, b, c, d] = Array.from({ length: 4 }, () => nonces.challenge('device').nonce);
    await clock.advance(60_000);
    expect(nonces.redeem(a!, 'device')).toMatchObject({ ok: true });
    await clock.advance(1);
    expect(nonces.redeem(b!, 'device')).toMatchObject({ code: 'NONCE_EXPIRED' });
    expect(nonces.redeem(a!, 'device')).toMatchObject({ code: 'NONCE_REUSED' });
    await clock.advance(59_999);
    expect(nonces.redeem(c!, 'device')).toMatchObject({ code: 'NONCE_EXPIRED' });
    await clock.advance(120_001);
    expect(nonces.redeem(d!, 'device')).toMatchObject({ code: 'NONCE_UNKNOWN' });
  });

  it('that crosses a change of generations can be redeemed in time, and once', async () => {
    const { nonces, clock } = registry();
    await clock.advance(50_000);
    const { nonce } = nonces.challenge('device');
    await clock.advance(20_000);
    nonces.challenge('another');
    expect(nonces.redeem(nonce, 'device')).toMatchObject({ ok: true });
    await clock.advance(39_000);
    expect(nonces.redeem(nonce, 'device')).toMatchObject({ code: 'NONCE_REUSED' });
  });

  it('is for its device alone, and not used up by another', () => {
    const { nonces } = registry();
    const { nonce } = nonces.challenge('device');
    expect(nonces.redeem(nonce, 'other')).toMatchObject({ code: 'NONCE_UNKNOWN' });
    expect(nonces.redeem(nonce, 'device')).toMatchObject({ ok: true });
  });

  it('that was invented, cut or is no octets is unknown', () => {
    const { nonces } = registry();
    const { nonce } = nonces.challenge('device');
    for (const other of [new Uint8Array(32), nonce.subarray(1), new Uint8Array(), 'text', undefined]) {
      expect(nonces.redeem(other as Uint8Array, 'device')).toMatchObject({ code: 'NONCE_UNKNOWN' });
    }
  });

  it('waits for its turn when too many are open, and memory stays within two generations', async () => {
    const { nonces, clock } = registry({ maxPerGeneration: 100 });
    for (let generation = 0; generation < 5; generation++) {
      for (let at = 0; at < 100; at++) nonces.challenge('device');
      expect(() => nonces.challenge('device')).toThrow(
        expect.objectContaining({ code: 'NoncesExhausted', retryable: true }),
      );
      expect(nonces.size).toBeLessThanOrEqual(200);
      await clock.advance(60_001);
    }
    await clock.advance(1_000_000);
    nonces.challenge('device');
    expect(nonces.size).toBe(1);
  });

  it('is unlike every other, and the same again under the same seed', () => {
    const run = () => {
      const nonces = new NonceRegistry({ governor: new ResourceGovernor(testing('nonces')) });
      return Array.from({ length: 100 }, () => Buffer.from(nonces.challenge('device').nonce).toString('hex'));
    };
    expect(new Set(run()).size).toBe(100);
    expect(run()).toEqual(run());
  });

  it('of nobody, or for ever, is not to be had', () => {
    expect(() => registry().nonces.challenge('')).toThrow(expect.objectContaining({ code: 'RequestInvalid' }));
    expect(() => registry({ ttlMs: 0 })).toThrow(expect.objectContaining({ code: 'OptionsInvalid' }));
  });
});
