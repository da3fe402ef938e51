// The published test vector of DSSE: protocol.md of github.com/secure-systems-lab/dsse, "Test Vectors".
import { createPublicKey, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import { openEnvelope, preAuthenticationEncoding } from '../../src/statement/index.js';

const envelope = {
  payload: 'aGVsbG8gd29ybGQ=',
  payloadType: 'http://example.com/HelloWorld',
  signatures: [{ sig: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==' }],
};

function coordinate(decimal: string): string {
  return Buffer.from(BigInt(decimal).toString(16).padStart(64, '0'), 'hex').toString('base64url');
}

it('encodes what is signed as the specification prints it', () => {
  const encoded = preAuthenticationEncoding(envelope.payloadType, Buffer.from('hello world'));
  expect(Buffer.from(encoded).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

it('counts bytes, not characters, of a payload type outside ASCII', () => {
  expect(Buffer.from(preAuthenticationEncoding('é', Buffer.from('ü'))).toString()).toBe('DSSEv1 2 é 2 ü');
});

it('opens the published envelope to bytes over which the published signature is true', () => {
  const payload = openEnvelope(envelope, 'envelope') as Uint8Array;
  expect(Buffer.from(payload).toString()).toBe('hello world');
  const x = coordinate('46950820868899156662930047687818585632848591499744589407958293238635476079160');
  const y = coordinate('5640078356564379163099075877009565129882514886557779369047442380624545832820');
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const message = preAuthenticationEncoding(envelope.payloadType, payload);
  const signature = Buffer.from(envelope.signatures[0]!.sig, 'base64');
  expect(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
});
