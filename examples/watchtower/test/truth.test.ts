import { describe, expect, test } from 'vitest';
import { scoreAgainst, type Truth } from '../truth';

const actor = (address: string, kind: 'attacker' | 'legitimate', threshold?: 'above' | 'below', log = 'auth.log') => ({
  ...{ address, kind, name: address, about: 'somebody', lines: { [log]: 9 } },
  ...(threshold === undefined ? {} : { threshold }),
});
const truth: Truth = {
  recorded: { from: '2026-03-01T12:00:00Z', to: '2026-03-01T12:10:00Z', utcOffsetMinutes: 0 },
  actors: [
    actor('192.0.2.1', 'attacker', 'above'),
    actor('192.0.2.2', 'attacker', 'above'),
    actor('192.0.2.3', 'attacker', 'below'),
    actor('192.0.2.4', 'legitimate'),
    actor('192.0.2.5', 'attacker', 'above', 'access.log'),
  ],
};
const score = (blocked: string[], logs = ['/var/log/auth.log']) => scoreAgainst(truth, new Set(blocked), logs);

describe('precision and recall', () => {
  test('an attacker below its threshold counts neither for recall nor against precision', () => {
    expect(score(['192.0.2.1', '192.0.2.2', '192.0.2.3'])).toMatchObject({ precision: 1, recall: 1 });
    expect(score(['192.0.2.1', '192.0.2.2'])).toMatchObject({ precision: 1, recall: 1, attackersBelow: 1 });
  });

  test('a legitimate address and an unknown one are wrongly blocked', () => {
    const result = score(['192.0.2.1', '192.0.2.4', '203.0.113.9']);
    expect(result.precision).toBeCloseTo(1 / 3);
    expect(result.wronglyBlocked).toEqual(['192.0.2.4', '203.0.113.9']);
  });

  test('a blocked network blocks whoever the truth knows in it', () => {
    const result = score(['192.0.2.0/29', '2001:db8::/48']);
    expect(result).toMatchObject({ precision: 0.75, recall: 1, wronglyBlocked: ['192.0.2.4'] });
  });

  test('a missed attacker is named', () => {
    expect(score(['192.0.2.1'])).toMatchObject({ recall: 0.5, missed: [{ address: '192.0.2.2' }] });
  });

  test('only actors of the logs that were read count', () => {
    expect(score(['192.0.2.5'], ['x/access.log'])).toMatchObject({ recall: 1, attackersAbove: 1, legitimate: 0 });
  });

  test('nobody blocked is perfectly precise', () => {
    expect(score([])).toMatchObject({ precision: 1, recall: 0 });
  });
});
