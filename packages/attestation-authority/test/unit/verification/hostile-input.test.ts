// What strangers send, each refused by its name; and a file of an attestation, flipped and cut at every bit.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  type Circumstances,
  parseAttestation,
  printAttestation,
  type RefusalCode,
  StatusSnapshot,
} from '../../../src/index.js';

let governor: ResourceGovernor;
let authority: AttestationAuthority;
let verifier: AttestationVerifier;
let good: Attestation;
let given: Circumstances;
beforeAll(async () => {
  governor = new ResourceGovernor(testing('hostile'));
  authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example', governor });
  const requests = Array.from({ length: 5 }, (_, at) => ({
    subject: [{ name: `s${at}`, digest: { sha256: '5a'.repeat(32) } }],
    predicateType: 'https://example.com/p',
    predicate: {},
    validity: { notAfter: new Date(governor.clock.now() + 1000) },
    mode: 'both' as const,
  }));
  good = (await authority.issueBatch(requests))[2]!;
  verifier = new AttestationVerifier({ roots: [authority.trustRoot()] });
  const [list] = await authority.publishStatus();
  const read = verifier.readStatusList(list!, governor.clock.now());
  if (!read.ok) throw new Error(read.detail);
  given = { time: governor.clock.now(), status: StatusSnapshot.empty.with(read.list) as StatusSnapshot };
});
afterAll(async () => {
  await authority.close();
  await governor.close();
});

const withPayload = (json: string | Uint8Array): Attestation => ({
  ...good,
  envelope: { ...good.envelope, payload: Buffer.from(json).toString('base64') },
});
const withProof = (change: (lines: string[]) => string[]): Attestation => ({
  ...good,
  proof: change(good.proof!.split('\n')).join('\n'),
});
const statement = () => JSON.parse(Buffer.from(good.envelope.payload, 'base64').toString());
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const text = (change: object) => JSON.stringify({ ...statement(), ...change });

const hostile: readonly (readonly [string, RefusalCode, () => Attestation])[] = [
  [
    'JSON nested too deep',
    'STATEMENT_MALFORMED',
    () => withPayload(text({}).replace('"predicate":{}', `"predicate":${nested(64)}`)),
  ],
  ['JSON that is too long', 'ENVELOPE_MALFORMED', () => withPayload(text({ predicate: 'x'.repeat(2 ** 20) }))],
  ['a payload that is longer than any may be', 'ENVELOPE_MALFORMED', () => withPayload('x'.repeat(2 ** 21))],
  ['a name twice', 'STATEMENT_MALFORMED', () => withPayload(text({}).replace('{', '{"predicate":{},'))],
  [
    '__proto__',
    'STATEMENT_MALFORMED',
    () => withPayload(text({}).replace('"predicate":{}', '"predicate":{"__proto__":1}')),
  ],
  ['bytes that are no UTF-8', 'STATEMENT_MALFORMED', () => withPayload(Buffer.from([0x7b, 0xff, 0x7d]))],
  ['a byte order mark', 'STATEMENT_MALFORMED', () => withPayload(`\ufeff${text({})}`)],
  [
    'a status index that overflows',
    'STATEMENT_MALFORMED',
    () =>
      withPayload(
        text({ tenstrip_terms: { notAfter: '2099-01-01T00:00:00Z', status: { list: 'l', index: 2 ** 53 } } }),
      ),
  ],
  [
    'an unknown term, which may be critical',
    'STATEMENT_MALFORMED',
    () => withPayload(text({ tenstrip_terms: { crit: 1 } })),
  ],
  [
    'base64 without padding',
    'ENVELOPE_MALFORMED',
    () => ({ ...good, envelope: { ...good.envelope, payload: `${good.envelope.payload}A` } }),
  ],
  [
    'base64 of two alphabets',
    'ENVELOPE_MALFORMED',
    () => ({ ...good, envelope: { ...good.envelope, payload: '+_--' } }),
  ],
  [
    'base64 with stray bits',
    'ENVELOPE_MALFORMED',
    () => ({ ...good, envelope: { ...good.envelope, payload: 'AR==' } }),
  ],
  [
    'base64 with characters beyond Latin-1 whose low bytes would be digits',
    'ENVELOPE_MALFORMED',
    () => ({ ...good, envelope: { ...good.envelope, payload: '\u0141\u0141\u0141\u0141' } }),
  ],
  [
    'another payload type',
    'PAYLOAD_TYPE_UNKNOWN',
    () => ({ ...good, envelope: { ...good.envelope, payloadType: 'application/json' } }),
  ],
  [
    'too many signatures',
    'ENVELOPE_MALFORMED',
    () => ({ ...good, envelope: { ...good.envelope, signatures: Array(65).fill(good.envelope.signatures[0]) } }),
  ],
  [
    'a signature whose S is not reduced',
    'SIGNATURE_INVALID',
    () => {
      const sig = Buffer.from(good.envelope.signatures[0]!.sig, 'base64');
      sig[63] = 0xff;
      return {
        ...good,
        envelope: { ...good.envelope, signatures: [{ ...good.envelope.signatures[0]!, sig: sig.toString('base64') }] },
      };
    },
  ],
  [
    'a log index beyond 64 bits',
    'PROOF_MALFORMED',
    () => withProof(([head, , ...rest]) => [head!, 'index 18446744073709551616', ...rest]),
  ],
  [
    'a log index beyond the tree',
    'PROOF_ROOT_MISMATCH',
    () => withProof(([head, , ...rest]) => [head!, 'index 18446744073709551615', ...rest]),
  ],
  ['a negative log index', 'PROOF_MALFORMED', () => withProof(([head, , ...rest]) => [head!, 'index -1', ...rest])],
  [
    'a log index with a leading zero',
    'PROOF_MALFORMED',
    () => withProof(([head, , ...rest]) => [head!, 'index 02', ...rest]),
  ],
  [
    'a path of 64 hashes',
    'PROOF_ROOT_MISMATCH',
    () => withProof(([head, index, line, ...rest]) => [head!, index!, ...Array(61).fill(line), line!, ...rest]),
  ],
  [
    'a path of 65 hashes',
    'PROOF_MALFORMED',
    () => withProof(([head, index, line, ...rest]) => [head!, index!, ...Array(62).fill(line), line!, ...rest]),
  ],
  [
    'extra data, which nothing authenticates',
    'PROOF_MALFORMED',
    () => withProof(([head, ...rest]) => [head!, 'extra AAAA', ...rest]),
  ],
  [
    'a path line in the other alphabet',
    'PROOF_MALFORMED',
    () => withProof(([head, index, line, ...rest]) => [head!, index!, line!.replace(/[+/]|(?<=^.)./, '_'), ...rest]),
  ],
  ['a proof of more than 1 MiB', 'PROOF_MALFORMED', () => ({ ...good, proof: good.proof! + 'x'.repeat(2 ** 20) })],
  ['a chain of 9', 'CHAIN_TOO_LONG', () => ({ ...good, chain: Array(9).fill(good) })],
];

describe('a verdict on what a stranger sends', () => {
  it.each(hostile)('refuses %s as %s, whatever was verified before', (_, code, make) => {
    expect(verifier.verify(good, given)).toMatchObject({ ok: true });
    const attestation = make();
    const cold = new AttestationVerifier({ roots: [authority.trustRoot()] });
    expect(cold.verify(attestation, given)).toMatchObject({ ok: false, code });
    expect(verifier.verify(attestation, given)).toEqual(cold.verify(attestation, given));
    expect(verifier.verify(good, given)).toMatchObject({ ok: true });
  });
});

it('refuses the file of an attestation after every flip of a bit, and every cut', () => {
  const bytes = Buffer.from(printAttestation(good));
  const accepted = (changed: Uint8Array) => {
    const attestation = parseAttestation(changed);
    return 'code' in attestation ? false : verifier.verify(attestation, given).ok;
  };
  expect(accepted(bytes)).toBe(true);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    // A key id is signed by nobody: another one is no reason to disbelieve, but nobody has a key of that name.
    if (accepted(flipped))
      throw new Error(`bit ${bit} may be flipped: ${flipped.subarray(bit / 8 - 20, bit / 8 + 20)}`);
  }
  // Without the newline at its end it is the same JSON.
  for (let end = 0; end < bytes.length - 1; end++) expect(accepted(bytes.subarray(0, end))).toBe(false);
});

it('a reader who changes the statement of a verdict changes no other verdict', () => {
  const fresh = new AttestationVerifier({ roots: [authority.trustRoot()] });
  for (let time = 0; time < 4; time++) {
    const verdict = fresh.verify(good, given);
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(verdict.statement).toMatchObject({ predicateType: 'https://example.com/p', predicate: {} });
    const { statement } = verdict as unknown as { statement: { predicateType: string; predicate: { evil?: true } } };
    for (const change of [() => (statement.predicateType = 'evil'), () => (statement.predicate.evil = true)]) {
      try {
        change();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError); // what is kept is frozen
      }
    }
  }
});

it('a signature that was found true vouches for no other payload, and for no other key', async () => {
  const fresh = new AttestationVerifier({ roots: [authority.trustRoot()] });
  const { proof: _, ...signed } = good;
  for (let time = 0; time < 3; time++) expect(fresh.verify(signed, given)).toMatchObject({ ok: true, by: 'signature' });
  const request = {
    subject: [{ name: 'other', digest: { sha256: '5a'.repeat(32) } }],
    predicateType: 'https://example.com/p',
    predicate: {},
    validity: { notAfter: new Date(governor.clock.now() + 1000) },
    mode: 'signature' as const,
  };
  const other = await authority.issue(request);
  for (let time = 0; time < 3; time++) expect(fresh.verify(other, given)).toMatchObject({ ok: true });
  const exchanged = { envelope: { ...other.envelope, signatures: signed.envelope.signatures } };
  expect(fresh.verify(exchanged, given)).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
  expect(fresh.verify(other, given)).toMatchObject({ ok: true });
  await using stranger = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example', governor });
  const root = stranger.trustRoot({ name: 'stranger' });
  const both = new AttestationVerifier({ roots: [authority.trustRoot(), root] });
  for (let time = 0; time < 3; time++) expect(both.verify(signed, given)).toMatchObject({ root: 'ca.example' });
  const theirs = {
    ...good.envelope.signatures[0]!,
    keyid: (await stranger.issue(request)).envelope.signatures[0]!.keyid!,
  };
  const claimed = { envelope: { ...good.envelope, signatures: [theirs] } };
  expect(both.verify(claimed, given)).toMatchObject({ ok: false, code: 'SIGNATURE_INVALID' });
});
