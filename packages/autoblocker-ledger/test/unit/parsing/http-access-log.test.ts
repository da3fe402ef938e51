import { describe, expect, it } from 'vitest';
import { HttpAccessLog } from '../../../src/parsing/http-access-log.js';

const parse = (line: string, cut = false) => new HttpAccessLog().parse(line, cut);

describe('access log lines', () => {
  it('combined', () => {
    expect(
      parse(
        '192.0.2.1 - bob [17/May/2015:10:05:03 +0200] "GET /a%20b/x.php?q=1%2527 HTTP/1.1" 404 203 "http://r/" "curl/8 \\"x\\""',
      ),
    ).toEqual({
      time: Date.UTC(2015, 4, 17, 8, 5, 3),
      domain: 'http',
      kind: 'request',
      address: '192.0.2.1',
      outcome: 'failure',
      victim: { path: '/a%20b/x.php' },
      fields: {
        method: 'GET',
        path: '/a%20b/x.php',
        query: 'q=1%2527',
        protocol: 'HTTP/1.1',
        decoded: "/a b/x.php?q=1'",
        resource: 'dynamic',
        status: '404',
        bytes: '203',
        referrer: 'http://r/',
        userAgent: 'curl/8 \\"x\\"',
        user: 'bob',
      },
    });
  });

  it('common, without referrer and agent', () => {
    expect(parse('2001:DB8::1 - - [01/Jan/2026:00:00:00 +0000] "HEAD /i.PNG HTTP/2.0" 200 -')).toMatchObject({
      address: '2001:db8::1',
      outcome: 'unknown',
      fields: { resource: 'static', user: '' },
    });
  });

  it.each(['example.com', 'example.com:443', '10.9.9.9', '10.9.9.9:80'])('with the virtual host %s before', (host) => {
    expect(parse(`${host} 192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"`)).toMatchObject({
      address: '192.0.2.1',
      victim: { host },
      fields: { user: '' },
    });
  });

  it('of bytes that are no request', () => {
    expect(parse('192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "\\x16\\x03\\x01\\x00" 400 157 "-" "-"')).toMatchObject({
      kind: 'malformed-request',
      fields: { request: '\\x16\\x03\\x01\\x00' },
    });
  });

  it('whose end was cut off', () => {
    const line = `192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /../${'a'.repeat(100)}`;
    expect(parse(line)).toBeUndefined();
    expect(parse(line, true)).toMatchObject({ address: '192.0.2.1', fields: { status: '', method: 'GET' } });
  });

  it.each([
    [
      'an identity that is an address',
      '192.0.2.1 10.0.0.1 - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"',
    ],
    ['a user name with spaces', '192.0.2.1 - 10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"'],
    [
      'an agent like a line',
      '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \\"GET / HTTP/1.1\\" 404 5"',
    ],
    [
      'a forwarded address behind',
      '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-" "10.0.0.1"',
    ],
  ])('blames the client and not %s', (_, line) => {
    expect(parse(line)).toMatchObject({ address: '192.0.2.1' });
  });

  it.each([
    'hello',
    '192.0.2.1 - - [32/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5',
    '192.0.2.1 - - [01/Foo/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5',
    '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 2000 5',
  ])('%s is none', (line) => {
    expect(parse(line)).toBeUndefined();
  });

  it('names nobody where the client is no address', () => {
    expect(parse('unknown - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"')).toBe('recognised');
  });
});
