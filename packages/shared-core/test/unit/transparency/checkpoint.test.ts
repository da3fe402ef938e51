import { describe, expect, it } from 'vitest';
import { parseCheckpoint, parseSignedCheckpoint, printCheckpoint } from '../../../src/transparency/index.js';

// c2sp.org/tlog-checkpoint, the example.
const body = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const signed = `${body}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n`;
const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';

describe('checkpoint', () => {
  it('of the specification is read and printed back', () => {
    const { checkpoint, note } = parseSignedCheckpoint(signed)!;
    expect(checkpoint).toEqual({
      origin: 'example.com/behind-the-sofa',
      size: 20852163n,
      root: new Uint8Array(Buffer.from(root, 'base64')),
      extensions: [],
    });
    expect(printCheckpoint(checkpoint)).toBe(body);
    expect(note.signatures[0]!.keyId).toBe(0x033de0ae);
  });

  it('keeps extension lines, an origin with blanks, size 0 and the largest size', () => {
    for (const text of [
      `${body}extension one\nextension two\n`,
      `a log named + with blanks\n0\n${root}\n`,
      `o\n18446744073709551615\n${root}\n`,
    ]) {
      expect(printCheckpoint(parseCheckpoint(text)!)).toBe(text);
    }
  });

  it.each([
    ['without final newline', body.slice(0, -1)],
    ['with an empty line', `${body}\n`],
    ['with an empty origin', body.replace('example.com/behind-the-sofa', '')],
    ['with a leading zero in the size', body.replace('2085', '02085')],
    ['with a sign in the size', body.replace('2085', '+2085')],
    ['with a blank after the size', body.replace('63\n', '63 \n')],
    ['with a hexadecimal size', body.replace('20852163', '0x13e2f83')],
    ['with a size of 2^64', body.replace('20852163', '18446744073709551616')],
    ['with a root of 31 bytes', body.replace('q2I=', 'q2==')],
    ['with a root that has stray bits', body.replace('q2I=', 'q2J=')],
    ['without root', 'example.com/behind-the-sofa\n20852163\n'],
    ['with a carriage return', body.replaceAll('\n', '\r\n')],
    ['that is empty', ''],
  ])('%s is refused', (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });

  it('is not printed when it could not be read back', () => {
    const checkpoint = parseCheckpoint(body)!;
    expect(() => printCheckpoint({ ...checkpoint, origin: '' })).toThrow(/origin/);
    expect(() => printCheckpoint({ ...checkpoint, origin: 'a\nb' })).toThrow(/origin/);
    expect(() => printCheckpoint({ ...checkpoint, extensions: [''] })).toThrow(/extensions/);
    expect(() => printCheckpoint({ ...checkpoint, size: -1n })).toThrow('size is -1; expected 0 to 2^64 - 1');
    expect(() => printCheckpoint({ ...checkpoint, size: 2n ** 64n })).toThrow(RangeError);
    expect(() => printCheckpoint({ ...checkpoint, root: new Uint8Array(20) })).toThrow('20 bytes; expected 32');
  });
});
