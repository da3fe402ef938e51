import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, type SourceLine } from '../../../src/events/index.js';

const maxLineBytes = 32;

/** The lines of some bytes, the simple way: all at once. */
function expectedLines(bytes: Buffer): { text: string; offset: number; end: number; cut: boolean; digest: string }[] {
  const lines = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const stop = newline < 0 ? bytes.length : newline;
    const end = newline < 0 ? bytes.length : newline + 1;
    const whole = bytes.subarray(start, stop);
    const cut = whole.length > maxLineBytes;
    const kept = cut ? whole.subarray(0, maxLineBytes) : whole;
    const text = kept.at(-1) === 13 ? kept.subarray(0, -1) : kept;
    lines.push({
      text: text.toString(),
      offset: start,
      end,
      cut,
      digest: createHash('sha256').update(whole).digest('hex'),
    });
    start = end;
  }
  return lines;
}

function splitIn(bytes: Buffer, cuts: readonly number[]): SourceLine[] {
  const splitter = new LineSplitter(0, maxLineBytes);
  const lines: SourceLine[] = [];
  const places = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    lines.push(...splitter.push(Buffer.from(bytes.subarray(from, to))));
    from = to;
  }
  const last = splitter.finish();
  return last === undefined ? lines : [...lines, last];
}

const piece = fc.oneof(
  fc.constantFrom('\n', '\r\n', '\0', 'é', '€', ''),
  fc.string({ maxLength: 50 }),
  fc.uint8Array({ maxLength: 8 }),
);

describe('LineSplitter', () => {
  it('gives the same lines however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40, size: 'max' }),
        fc.array(fc.nat(2000), { maxLength: 20, size: 'max' }),
        (pieces, cuts) => {
          const bytes = Buffer.concat(pieces.map((part) => Buffer.from(part as string)));
          const lines = splitIn(bytes, cuts);
          const expected = expectedLines(bytes);
          expect(lines.map(({ text, offset, end, cut }) => ({ text, offset, end, cut }))).toEqual(
            expected.map(({ text, offset, end, cut }) => ({ text, offset, end, cut })),
          );
          for (const [index, line] of lines.entries()) if (line.cut) expect(line.digest).toBe(expected[index]!.digest);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('marks lines with NUL or broken UTF-8, and only those', () => {
    const lines = splitIn(Buffer.from('plain\nn\0ul\nb\xffad\ncaf\u00e9\n', 'latin1'), []);
    expect(lines.map(({ garbled }) => garbled)).toEqual([false, true, true, true]);
    expect(splitIn(Buffer.from('café €\n'), []).map(({ garbled }) => garbled)).toEqual([false]);
  });
});
