// Damage: every single-bit flip and every truncation of a real quote, its signature, its PCR values and its key turns acceptance into the
// refusal of that part; and nothing that is given is ever thrown at.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appraiseQuote,
  type CompiledPolicy,
  compilePolicy,
  parseEventLog,
  parseQuote,
  parseQuoteSignature,
  type QuoteEvidence,
  type RefusalCode,
  readAttestationKey,
  readEndorsementKey,
} from '../../src/index.js';
import {
  bytesOf,
  circumstancesOf,
  eventLog,
  quoteOf,
  type RecordedQuote,
  record,
} from '../evidence/recorded-quotes.js';

const pcrs = Object.fromEntries(Object.entries(quoteOf('rsassa').evidence.pcrs).map(([id, value]) => [id, [value]]));
const policy = compilePolicy({ name: 'p', pcrs });

function* flips(octets: Uint8Array): Generator<{ at: number; changed: Buffer }> {
  for (let at = 0; at < octets.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(octets);
      changed[at]! ^= 1 << bit;
      yield { at, changed };
    }
  }
}

function* cuts(octets: Uint8Array): Generator<Buffer> {
  for (let length = 0; length < octets.length; length++) yield Buffer.from(octets.subarray(0, length));
}

function expectRefused(
  quote: RecordedQuote,
  evidence: QuoteEvidence,
  codes: readonly RefusalCode[],
  by: CompiledPolicy = policy,
): void {
  const verdict = appraiseQuote(evidence, by, circumstancesOf(quote));
  if (verdict.ok || !codes.includes(verdict.code)) {
    const { quoted, signature } = evidence;
    const what = `${Buffer.from(quoted).toString('hex')} ${Buffer.from(signature).toString('hex')}`;
    throw new Error(`${what} led to ${verdict.ok ? 'acceptance' : verdict.code} and not to ${codes}`);
  }
}

describe.each(['ecdsa-p256', 'ecdsa-p384', 'rsassa', 'rsapss'])('a quote by %s', (key) => {
  const quote = quoteOf(key);
  const { evidence } = quote;

  it('is refused after any flip of its structure: by its magic, its type, its form, or its signature', () => {
    for (const { at, changed } of flips(evidence.quoted)) {
      const codes: RefusalCode[] =
        at < 4 ? ['QUOTE_MAGIC_INVALID'] : at < 6 ? ['QUOTE_TYPE_INVALID'] : ['QUOTE_MALFORMED', 'SIGNATURE_INVALID'];
      expectRefused(quote, { ...evidence, quoted: changed }, codes);
    }
    for (const quoted of cuts(evidence.quoted)) expectRefused(quote, { ...evidence, quoted }, ['QUOTE_MALFORMED']);
    expectRefused(quote, { ...evidence, quoted: Buffer.concat([evidence.quoted, Buffer.alloc(1)]) }, [
      'QUOTE_MALFORMED',
    ]);
  });

  it('is refused after any flip of its signature', () => {
    for (const { at, changed } of flips(evidence.signature)) {
      const codes: RefusalCode[] = ['SIGNATURE_MALFORMED', 'SIGNATURE_INVALID'];
      if (at < 4) codes.push('ALGORITHM_REFUSED');
      expectRefused(quote, { ...evidence, signature: changed }, codes);
    }
    for (const signature of cuts(evidence.signature)) {
      expectRefused(quote, { ...evidence, signature }, ['SIGNATURE_MALFORMED']);
    }
    const longer = Buffer.concat([evidence.signature, Buffer.alloc(1)]);
    expectRefused(quote, { ...evidence, signature: longer }, ['SIGNATURE_MALFORMED']);
  });

  it('is refused after any flip of a PCR value', () => {
    // One key tries all PCRs, as which key signed decides nothing here but the hash of the composite.
    for (const [id, value] of Object.entries(evidence.pcrs).slice(0, key === 'rsassa' ? undefined : 1)) {
      for (const { changed } of flips(Buffer.from(value, 'hex'))) {
        const values = { ...evidence.pcrs, [id]: changed.toString('hex') };
        expectRefused(quote, { ...evidence, pcrs: values }, ['PCR_DIGEST_MISMATCH']);
      }
      for (const { changed } of flips(Buffer.from(value))) {
        const values = { ...evidence.pcrs, [id]: changed.toString('latin1') };
        expectRefused(quote, { ...evidence, pcrs: values }, ['PCR_DIGEST_MISMATCH', 'PCR_VALUES_MALFORMED']);
      }
    }
  });

  it('is refused after any flip of the nonce that was asked for', () => {
    for (const { changed } of flips(quote.nonce)) {
      const verdict = appraiseQuote(evidence, policy, circumstancesOf(quote, { nonce: changed }));
      expect(verdict).toMatchObject({ code: 'NONCE_MISMATCH' });
    }
  });

  it('has a key that after any flip of its public area is none, another one, or has another name', () => {
    const area = bytesOf(record.keys[key]!.publicArea);
    const name = Buffer.from(record.keys[key]!.name, 'hex');
    for (const { changed } of flips(area)) {
      const read = readAttestationKey(changed);
      if ('ok' in read) expect(read.code).toBe('ATTESTATION_KEY_INVALID');
      else expect(Buffer.from(read.name!).equals(name)).toBe(false);
    }
  });
});

it('an event log is refused after any flip of a digest that the quote vouches for', () => {
  const quote = quoteOf('ecdsa-p256', 'two banks');
  const exact = compilePolicy({
    name: 'p',
    pcrs: Object.fromEntries(Object.keys(quote.evidence.pcrs).map((id) => [id, 'any'])),
  });
  const good = parseEventLog(eventLog);
  if ('ok' in good) throw new Error(good.detail);
  const verdict = appraiseQuote({ ...quote.evidence, eventLog }, exact, circumstancesOf(quote));
  expect(verdict).toMatchObject({ ok: true });
  for (const { digests } of good.events) {
    const digest = digests.get('sha256')!;
    for (const { changed } of flips(digest)) {
      const log = Buffer.from(eventLog);
      log.set(changed, digest.byteOffset - eventLog.byteOffset); // what is read is a view of what it was read from
      expectRefused(quote, { ...quote.evidence, eventLog: log }, ['EVENT_LOG_MISMATCH'], exact);
    }
  }
});

it('nothing throws, whatever octets or evidence it is given', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([Buffer.from('ff5443478018', 'hex'), tail])),
    fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([Buffer.from('0018000b0020', 'hex'), tail])),
    fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([Buffer.from('0023000b00050072', 'hex'), tail])),
    fc.uint8Array({ maxLength: 300 }).map((tail) => Buffer.concat([eventLog.subarray(0, 73), tail])),
  );
  const quote = quoteOf('ecdsa-p256');
  const given = circumstancesOf(quote);
  const isOutcome = (value: unknown) => typeof value === 'object' && value !== null;
  fc.assert(
    fc.property(octets, (bytes) => {
      for (const read of [parseQuote, parseQuoteSignature, readAttestationKey, readEndorsementKey, parseEventLog]) {
        expect(isOutcome(read(bytes))).toBe(true);
      }
      expect(appraiseQuote({ ...quote.evidence, quoted: bytes }, policy, given).ok).toBe(false);
      expect(appraiseQuote({ ...quote.evidence, signature: bytes }, policy, given).ok).toBe(false);
    }),
    { numRuns: 2000 },
  );
  const evidence = fc.oneof(
    fc.anything(),
    fc.record({
      quoted: octets,
      signature: octets,
      pcrs: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.string())),
    }),
    fc
      .record({ pcrs: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.anything())) })
      .map((more) => ({ ...quote.evidence, ...more })),
  );
  fc.assert(
    fc.property(evidence, (value) => {
      expect(appraiseQuote(value as QuoteEvidence, policy, given)).toMatchObject({
        ok: false,
        code: expect.any(String),
      });
    }),
    { numRuns: 1000 },
  );
});
