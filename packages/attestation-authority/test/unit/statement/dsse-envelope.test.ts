import { createSigner, createVerifier } from '@tenstrip/shared-core/crypto';
import { describe, expect, it } from 'vitest';
import {
  decodeDsseBase64,
  openEnvelope,
  preAuthenticationEncoding,
  sealEnvelope,
} from '../../../src/statement/index.js';

const bytes = Buffer.from([0xfb, 0xff, 0xbe, 0x01]);

describe('base64 in an envelope', () => {
  it('is the standard alphabet or the URL-safe one, padded', () => {
    expect(decodeDsseBase64('+/++AQ==')).toEqual(bytes);
    expect(decodeDsseBase64('-_--AQ==')).toEqual(bytes);
    expect(decodeDsseBase64('')).toEqual(Buffer.alloc(0));
  });

  it.each(['+_--AQ==', '+/++AQ', '+/++AR==', '+/++AQ=', '+/ +AQ==', '+/++A===', '+/++AQ==\n', '-_--AR==', '-_--AQ==='])(
    'is refused as %j',
    (text) => {
      expect(decodeDsseBase64(text)).toBeUndefined();
    },
  );
});

describe('an envelope', () => {
  it('is signed over type and payload', async () => {
    using signer = createSigner(new Uint8Array(32).fill(7));
    const envelope = await sealEnvelope('text/plain', bytes, { signer, keyid: 'k' });
    expect(openEnvelope(envelope, 'envelope')).toEqual(bytes);
    const signature = Buffer.from(envelope.signatures[0]!.sig, 'base64');
    const { verify } = createVerifier();
    expect(verify(signer.publicKey, preAuthenticationEncoding('text/plain', bytes), signature)).toBe(true);
    expect(verify(signer.publicKey, preAuthenticationEncoding('text/plaim', bytes), signature)).toBe(false);
  });

  const good = { payload: 'AQ==', payloadType: 't', signatures: [{ sig: 'AQ==' }] };
  it.each([
    undefined,
    null,
    'text',
    [],
    {},
    { ...good, payload: 1 },
    { ...good, payloadType: undefined },
    { ...good, payloadType: 'x'.repeat(257) },
    { ...good, signatures: {} },
    { ...good, signatures: [{}] },
    { ...good, signatures: [{ sig: 'AQ==', cert: 'x' }] },
    { ...good, signatures: [{ sig: 'AQ==', keyid: 1 }] },
    { ...good, signatures: Array(65).fill({ sig: 'AQ==' }) },
    { ...good, more: 1 },
    { ...good, payload: 'AQ' },
    { ...good, payload: 'A'.repeat(1_400_000) },
  ])('is refused by name when its shape is wrong: %#', (envelope) => {
    expect(openEnvelope(envelope, 'envelope')).toMatchObject({ ok: false, code: 'ENVELOPE_MALFORMED' });
  });
});
