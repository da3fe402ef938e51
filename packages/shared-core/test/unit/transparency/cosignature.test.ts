import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigner, createVerifier, sha256 } from '../../../src/crypto/index.js';
import {
  cosign,
  decodeBase64,
  decodeCosignature,
  encodeCosignature,
  parseSignedNote,
  SignatureType,
  signNote,
  verifierKey,
  verifyCosignature,
} from '../../../src/transparency/index.js';
import { privateKeyOf } from '../crypto/private-key.js';

const { verify } = createVerifier();
const seed = new Uint8Array(32).fill(7);
const body = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

describe('cosignature', () => {
  it('of the specification holds the time that its signed message names', () => {
    // c2sp.org/tlog-cosignature: the witness line of the example, and `time 1679315147` of the signed message.
    const line =
      'jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==';
    const note = parseSignedNote(`${body}\n— witness.example.com/w1 ${line}\n`)!;
    const cosignature = decodeCosignature(note.signatures[0]!.signature)!;
    expect(cosignature.timestamp).toBe(1679315147n);
    expect(encodeCosignature(cosignature)).toEqual(decodeBase64(line)!.slice(4));
  });

  it('signs the message that the specification lays out', async () => {
    using signer = createSigner(seed);
    const line = await cosign(body, 'witness.example.com/w1', signer, 1679315147n, sha256);
    // The message written out by hand, signed by OpenSSL.
    const message = `cosignature/v1\ntime 1679315147\n${body}`;
    const expected = sign(null, Buffer.from(message), privateKeyOf(seed));
    expect(Buffer.from(decodeCosignature(line.signature)!.signature)).toEqual(expected);
    const key = verifierKey('witness.example.com/w1', SignatureType.cosignature, signer.publicKey, sha256);
    expect(verifyCosignature(body, line, key, verify)).toBe(1679315147n);
  });

  it('is refused for another text, time, name or type, and after any single-bit change', async () => {
    using signer = createSigner(seed);
    const line = await cosign(body, 'w', signer, 5n, sha256);
    const key = verifierKey('w', SignatureType.cosignature, signer.publicKey, sha256);
    expect(verifyCosignature(`${body}x\n`, line, key, verify)).toBeUndefined();
    expect(verifyCosignature(body, { ...line, keyName: 'v' }, key, verify)).toBeUndefined();
    expect(verifyCosignature(body, { ...line, keyId: line.keyId ^ 1 }, key, verify)).toBeUndefined();
    const plainKey = verifierKey('w', SignatureType.ed25519, signer.publicKey, sha256);
    expect(verifyCosignature(body, line, plainKey, verify)).toBeUndefined();
    const plain = await signNote(body, 'w', signer, sha256);
    expect(verifyCosignature(body, { ...plain, keyId: key.keyId }, key, verify)).toBeUndefined();
    for (let bit = 0; bit < 72 * 8; bit++) {
      const changed = line.signature.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyCosignature(body, { ...line, signature: changed }, key, verify)).toBeUndefined();
    }
  });

  it('has a time below 2^63 and 64 bytes of signature', async () => {
    using signer = createSigner(seed);
    const latest = await cosign(body, 'w', signer, 2n ** 63n - 1n, sha256);
    expect(decodeCosignature(latest.signature)?.timestamp).toBe(2n ** 63n - 1n);
    await expect(cosign(body, 'w', signer, 2n ** 63n, sha256)).rejects.toThrow(RangeError);
    await expect(cosign(body, 'w', signer, -1n, sha256)).rejects.toThrow('the timestamp is -1');
    expect(decodeCosignature(new Uint8Array(72).fill(0xff))).toBeUndefined();
    expect(decodeCosignature(new Uint8Array(71))).toBeUndefined();
    expect(decodeCosignature(new Uint8Array(73))).toBeUndefined();
    expect(() => encodeCosignature({ timestamp: 0n, signature: new Uint8Array(63) })).toThrow('63 bytes');
    expect(() => encodeCosignature({ timestamp: 2n ** 63n, signature: new Uint8Array(64) })).toThrow(RangeError);
  });

  it('is read from a view that does not begin where its memory does', () => {
    const memory = new Uint8Array(100);
    memory[20 + 7] = 9;
    expect(decodeCosignature(memory.subarray(20, 92))?.timestamp).toBe(9n);
  });
});
