import { describe, expect, it } from 'vitest';
import {
  formatIpAddress,
  formatIpPrefix,
  parseIpAddress,
  parseIpPrefix,
  requireIpAddress,
  requireIpPrefix,
} from '../../../src/lookup/index.js';

const spelled = (text: string) => {
  const address = parseIpAddress(text);
  return address === undefined ? undefined : formatIpAddress(address);
};

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    // RFC 5952, section 4.2: the longest run, the first of equals, never a single group.
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is %s', (text, canonical) => {
    expect(spelled(text)).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.04',
    '256.1.1.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.٤',
    '1．2．3．4',
    '1.2.3.-4',
    '1..2.3',
    ':::',
    '1::2::3',
    '::1%eth0',
    'fe80::1%1',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '[::1]',
    'localhost',
  ])('%j is none', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
    expect(() => requireIpAddress(text)).toThrow(
      expect.objectContaining({ code: 'TargetInvalid', details: { value: text } }),
    );
  });
});

describe('a network', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
  ])('%s is %s', (text, canonical) => {
    expect(formatIpPrefix(requireIpPrefix(text))).toBe(canonical);
  });

  it.each([
    '192.0.2.1/24',
    '192.0.2.0/33',
    '192.0.2.0/024',
    '192.0.2.0/',
    '192.0.2.0/-1',
    '2001:db8::1/64',
    '::ffff:0.0.0.0/90',
    '10/8',
  ])('%s is none', (text) => {
    expect(parseIpPrefix(text)).toBeUndefined();
    expect(() => requireIpPrefix(text)).toThrow(expect.objectContaining({ code: 'TargetInvalid' }));
  });
});
