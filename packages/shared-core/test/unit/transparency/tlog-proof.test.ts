import { beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, sha256 } from '../../../src/crypto/index.js';
import {
  decodeBase64,
  leafHash,
  parseTlogProof,
  parseTrustPolicy,
  printTlogProof,
  verifyTlogProof,
} from '../../../src/transparency/index.js';
import { NaiveMerkleTree } from './naive-merkle-tree.js';
import { entriesOf, logKey, signedCheckpoint, witnessKey } from './small-log.js';

const { verify } = createVerifier();
const policy = parseTrustPolicy(`log ${logKey}\nwitness A ${witnessKey(1)}\nquorum A\n`, sha256)!;
const size = 11;
const oracle = new NaiveMerkleTree(entriesOf(size));
const leaf = leafHash(entriesOf(size)[4]!, sha256);
let checkpoint = '';
let text = '';

beforeAll(async () => {
  checkpoint = await signedCheckpoint(size, [1]);
  text = printTlogProof({ index: 4n, path: oracle.inclusion(4, size), checkpoint, extra: Uint8Array.of(1, 2, 3) });
});

describe('tlog-proof', () => {
  it('is laid out as the specification says', () => {
    // c2sp.org/tlog-proof, "Format": header, extra, index, path, empty line, checkpoint verbatim.
    const lines = text.split('\n');
    expect(lines.slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', 'extra AQID', 'index 4']);
    const path = oracle.inclusion(4, size);
    expect(lines.slice(3, 3 + path.length)).toEqual(path.map((hash) => Buffer.from(hash).toString('base64')));
    expect(lines.slice(3 + path.length).join('\n')).toBe(`\n${checkpoint}`);
  });

  it('reads the head of the example of the specification, index and path', () => {
    const path = [
      'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=',
      'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=',
      'EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=',
      'RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=',
      'AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=',
    ];
    const proof = parseTlogProof(`c2sp.org/tlog-proof@v1\nindex 73894\n${path.join('\n')}\n\n${checkpoint}`)!;
    expect(proof).toEqual({ index: 73894n, path: path.map(decodeBase64), checkpoint });
  });

  it('proves its entry, and no other', () => {
    const verdict = verifyTlogProof(text, leaf, policy, verify, sha256);
    expect(verdict).toMatchObject({
      verified: true,
      checkpoint: { size: 11n },
      witnesses: [{ name: 'A', timestamp: 1_700_000_001n }],
    });
    const other = leafHash(entriesOf(size)[5]!, sha256);
    expect(verifyTlogProof(text, other, policy, verify, sha256)).toEqual({
      verified: false,
      reason: 'PROOF_ROOT_MISMATCH',
    });
  });

  it('proves nothing under a policy that does not trust its checkpoint', () => {
    const reason = (policyText: string, proof = text): unknown =>
      verifyTlogProof(proof, leaf, parseTrustPolicy(policyText, sha256)!, verify, sha256);
    expect(reason('quorum none\n')).toEqual({ verified: false, reason: 'UNKNOWN_LOG' });
    expect(reason(`log ${logKey}\nwitness B ${witnessKey(2)}\nquorum B\n`)).toEqual({
      verified: false,
      reason: 'QUORUM_MISSING',
    });
    expect(reason('quorum none\n', '')).toEqual({ verified: false, reason: 'MALFORMED' });
    expect(reason(`log ${logKey}\nquorum none\n`, text.replace('\n11\n', '\n12\n'))).toEqual({
      verified: false,
      reason: 'SIGNATURE_INVALID',
    });
  });

  it('proves nothing after any single-bit change outside the extra data', () => {
    const bytes = Buffer.from(text);
    const extra = { begin: text.indexOf('extra '), end: text.indexOf('\nindex') };
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const at = bit >> 3;
      if (at >= extra.begin && at < extra.end) continue; // not authenticated, says the specification
      bytes[at]! ^= 1 << (bit & 7);
      const { verified } = verifyTlogProof(bytes.toString(), leaf, policy, verify, sha256);
      if (verified) expect.unreachable(`accepted with bit ${bit} changed`);
      bytes[at]! ^= 1 << (bit & 7);
    }
  });

  it.each([
    ['another version', () => text.replace('@v1', '@v2')],
    ['empty extra data', () => text.replace('extra AQID', 'extra ')],
    ['extra data that is no base64', () => text.replace('AQID', 'AQI')],
    ['extra data after the index', () => text.replace('extra AQID\nindex 4', 'index 4\nextra AQID')],
    ['extra data twice', () => text.replace('extra AQID\n', 'extra AQID\nextra AQID\n')],
    ['no index', () => text.replace('index 4\n', '')],
    ['a leading zero in the index', () => text.replace('index 4', 'index 04')],
    ['an index of 2^64', () => text.replace('index 4', 'index 18446744073709551616')],
    ['a negative index', () => text.replace('index 4', 'index -1')],
    ['a hash of 31 bytes', () => text.replace(/(index 4\n)[^\n]+/, `$1${'A'.repeat(42)}==`)],
    ['65 hashes', () => text.replace(/(index 4\n)/, `$1${`${'A'.repeat(43)}=\n`.repeat(61)}`)],
    ['no checkpoint', () => text.slice(0, text.indexOf('\n\n') + 2)],
    ['a checkpoint without signature', () => text.slice(0, text.lastIndexOf('\n\n') + 2)],
    ['carriage returns', () => text.replaceAll('\n', '\r\n')],
    ['a blank line before it', () => `\n\n${text}`],
  ])('with %s is refused', (_, change) => {
    expect(change()).not.toBe(text);
    expect(parseTlogProof(change())).toBeUndefined();
  });

  it('is not printed when it could not be read back', () => {
    const proof = parseTlogProof(text)!;
    for (const change of [
      { index: -1n },
      { index: 2n ** 64n },
      { path: [new Uint8Array(31)] },
      { path: Array(65).fill(new Uint8Array(32)) },
      { extra: new Uint8Array(0) },
      { checkpoint: 'none' },
    ]) {
      expect(() => printTlogProof({ ...proof, ...change })).toThrow(RangeError);
    }
  });
});
