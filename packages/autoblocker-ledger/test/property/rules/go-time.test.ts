import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGoTime, parseUsualTime, usualTime } from '../../../src/rules/go-time.js';

const newest = Date.UTC(2027, 0, 1);
const two = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));
const zone = fc.constantFrom('Z', '+00:00', '-00:00', '+02:00', '-0700', '', 'z');
const fraction = fc.oneof(
  fc.constant(''),
  fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 11 }).map((digits) => `.${digits}`),
  fc.constant(',5'),
);

describe('a time in the usual spelling', () => {
  it('is read as the layout of RFC 3339 reads it, valid or not', () => {
    const year = fc.constantFrom('2026', '2024', '1999', '0001', '0099', '9999');
    const month = fc.oneof(fc.constantFrom('01', '02', '12', '00', '13'), two);
    const day = fc.oneof(fc.constantFrom('01', '28', '29', '30', '31', '00'), two);
    const hour = fc.oneof(fc.constantFrom('00', '23', '24'), two);
    const minute = fc.oneof(fc.constantFrom('00', '59', '60'), two);
    const parts = fc.tuple(year, month, day, hour, minute, minute, fraction, zone);
    fc.assert(
      fc.property(parts, ([y, m, d, h, min, s, f, z]) => {
        const text = `${y}-${m}-${d}T${h}:${min}:${s}${f}${z}`;
        const byLayout = parseGoTime(text, '2006-01-02T15:04:05Z07:00', newest);
        // Where the layout takes a text, nothing else may say anything else of it.
        if (byLayout !== undefined) expect(parseUsualTime(text, newest)).toEqual(byLayout);
        else if (/(?:Z|\+00:00)$/.test(text)) expect(parseUsualTime(text, newest)).toBeUndefined();
        expect(usualTime(text, newest)).toBe(parseUsualTime(text, newest)?.time);
      }),
      { numRuns: 2000 },
    );
  });

  it('without a year is that of the newest time, also right after another one', () => {
    expect(parseUsualTime('Nov 23 10:00:00', Date.UTC(2026, 10, 24))?.time).toBe(Date.UTC(2026, 10, 23, 10));
    expect(parseUsualTime('Nov 23 10:00:00', Date.UTC(2025, 10, 24))?.time).toBe(Date.UTC(2025, 10, 23, 10));
    expect(parseUsualTime('Nov 23 10:00:00', Date.UTC(2026, 5, 1))?.time).toBe(Date.UTC(2025, 10, 23, 10));
  });
});
