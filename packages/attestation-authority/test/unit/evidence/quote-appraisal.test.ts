import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AppraisalPolicy,
  type AttestationKey,
  appraiseQuote,
  compilePolicy,
  countersOf,
  deviceStateOf,
  isDataMeasured,
  parseQuote,
  type QuoteCircumstances,
  type QuoteEvidence,
  readAttestationKey,
  type TpmCounters,
} from '../../../src/index.js';
import { makersKey, signed } from '../../evidence/made-quotes.js';
import { bytesOf, circumstancesOf, eventLog, keyOf, quoteOf, record } from '../../evidence/recorded-quotes.js';

const boot = quoteOf('ecdsa-p256');
const reference = (ids: readonly string[], values = boot.evidence.pcrs) =>
  Object.fromEntries(ids.map((id) => [id, [values[id]!]]));
const bootPcrs = Object.keys(boot.evidence.pcrs);
const policyWith = (more: Partial<AppraisalPolicy> = {}) =>
  compilePolicy({ name: 'servers', pcrs: reference(bootPcrs), ...more });
const policy = policyWith();

/** The code of the verdict, or `ok`. */
function codeOf(
  evidence: QuoteEvidence = boot.evidence,
  by = policy,
  more: Partial<QuoteCircumstances> = {},
  quote = boot,
): string {
  const verdict = appraiseQuote(evidence, by, circumstancesOf(quote, more));
  return verdict.ok ? 'ok' : verdict.code;
}

describe('a quote of a TPM', () => {
  it.each(['ecdsa-p256', 'ecdsa-p384', 'rsassa', 'rsapss'])('signed by %s is accepted, with what it says', (key) => {
    const quote = quoteOf(key);
    expect(appraiseQuote(quote.evidence, policy, circumstancesOf(quote))).toMatchObject({
      ok: true,
      policy: 'servers',
      pcrs: boot.evidence.pcrs,
      safe: true,
      reboot: 'unknown',
      challengedAt: 1000,
      appraisedAt: 2000,
      keyName: Buffer.from(record.keys[key]!.name, 'hex'),
    });
  });

  it.each(['ecdsa-p256', 'ecdsa-p384', 'rsassa', 'rsapss'])('by %s is accepted with the key in PEM too', (name) => {
    const key = readAttestationKey(record.keys[name]!.pem) as AttestationKey;
    expect(key.fingerprint).toBe(keyOf(name).fingerprint);
    expect(codeOf(quoteOf(name).evidence, policy, { key }, quoteOf(name))).toBe('ok');
  });

  it('over several banks is accepted, in the order of its selection', () => {
    for (const name of ['two banks', 'banks in another order']) {
      const { evidence } = quoteOf('ecdsa-p256', name);
      const exact = compilePolicy({ name, pcrs: reference(Object.keys(evidence.pcrs), evidence.pcrs) });
      expect(codeOf(evidence, exact, {}, quoteOf('ecdsa-p256', name))).toBe('ok');
    }
  });

  it('by another key is refused', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const stranger = readAttestationKey(publicKey.export({ format: 'pem', type: 'spki' }).toString()) as AttestationKey;
    expect(codeOf(boot.evidence, policy, { key: stranger })).toBe('SIGNATURE_INVALID');
    expect(codeOf(boot.evidence, policy, { key: keyOf('rsassa') })).toBe('ALGORITHM_REFUSED');
    expect(codeOf(boot.evidence, policy, { key: keyOf('ecdsa-p384') })).toBe('ALGORITHM_REFUSED');
  });

  it('is refused when it answers another challenge, or none', () => {
    expect(codeOf(boot.evidence, policy, { nonce: Buffer.alloc(32) })).toBe('NONCE_MISMATCH');
    expect(codeOf(boot.evidence, policy, { nonce: boot.nonce.subarray(0, 31) })).toBe('NONCE_MISMATCH');
    expect(codeOf(boot.evidence, policy, { nonce: Buffer.alloc(0) })).toBe('NONCE_MISMATCH');
  });

  it('is fresh for as long as the policy says, to the millisecond, and at no time that is no number', () => {
    expect(codeOf(boot.evidence, policy, { time: 61_000 })).toBe('ok');
    expect(codeOf(boot.evidence, policy, { time: 61_001 })).toBe('QUOTE_STALE');
    expect(codeOf(boot.evidence, policy, { time: 999 })).toBe('QUOTE_STALE');
    expect(codeOf(boot.evidence, policy, { time: Number.NaN })).toBe('QUOTE_STALE');
    expect(codeOf(boot.evidence, policyWith({ maxAgeMs: 10 }))).toBe('QUOTE_STALE');
  });
});

describe('PCR selection games', () => {
  it('a quote over PCR 16 alone does not satisfy a policy over PCR 0 to 7', () => {
    const debug = quoteOf('ecdsa-p256', 'debug');
    expect(codeOf(debug.evidence, policy, {}, debug)).toBe('PCR_SELECTION_INSUFFICIENT');
    const padded = { ...debug.evidence, pcrs: { ...boot.evidence.pcrs, ...debug.evidence.pcrs } };
    expect(codeOf(padded, policy, {}, debug)).toBe('PCR_VALUES_MALFORMED');
    const renamed = { ...debug.evidence, pcrs: { 'sha256:0': debug.evidence.pcrs['sha256:16']! } };
    expect(codeOf(renamed, policy, {}, debug)).toBe('PCR_VALUES_MALFORMED');
  });

  it('a SHA-1 bank is refused unless the policy names it', () => {
    const quote = quoteOf('ecdsa-p256', 'with sha1');
    expect(codeOf(quote.evidence, policy, {}, quote)).toBe('PCR_BANK_REFUSED');
    expect(codeOf(quote.evidence, policyWith({ hashes: ['sha256', 'sha1'] }), {}, quote)).toBe('ok');
  });

  it('a SHA-1 signature is refused unless the policy names it', () => {
    const quote = quoteOf('ecdsa-sha1');
    expect(codeOf(quote.evidence, policy, {}, quote)).toBe('ALGORITHM_REFUSED');
    expect(codeOf(quote.evidence, policyWith({ hashes: ['sha256', 'sha1'] }), {}, quote)).toBe('ok');
  });

  it('a bank that the policy does not name is refused', () => {
    const quote = quoteOf('ecdsa-p256', 'two banks');
    expect(codeOf(quote.evidence, policyWith({ hashes: ['sha256'] }), {}, quote)).toBe('PCR_BANK_REFUSED');
  });

  it('other values than the quoted ones are refused, whatever the policy thinks of them', () => {
    const evil = { ...boot.evidence, pcrs: { ...boot.evidence.pcrs, 'sha256:4': 'ab'.repeat(32) } };
    expect(codeOf(evil)).toBe('PCR_DIGEST_MISMATCH');
    const values = { ...boot.evidence.pcrs };
    [values['sha256:0'], values['sha256:7']] = [values['sha256:7']!, values['sha256:0']!];
    expect(codeOf({ ...boot.evidence, pcrs: values })).toBe('PCR_DIGEST_MISMATCH');
  });

  it('values with one too few, one too many, in capitals or with an inherited one are refused', () => {
    const { 'sha256:7': last, ...fewer } = boot.evidence.pcrs;
    const games: Record<string, string>[] = [
      fewer,
      { ...boot.evidence.pcrs, 'sha256:9': last! },
      { ...fewer, 'sha256:7': last!.toUpperCase() },
      { ...fewer, 'sha256:7': last!.slice(2) },
      Object.create(boot.evidence.pcrs),
      Object.assign(Object.create({ 'sha256:7': last }), fewer),
    ];
    for (const pcrs of games) expect(codeOf({ ...boot.evidence, pcrs })).toBe('PCR_VALUES_MALFORMED');
  });

  it('a value that is no reference value is refused by its PCR', () => {
    const strict = compilePolicy({ name: 's', pcrs: { ...reference(bootPcrs), 'sha256:4': ['cd'.repeat(32)] } });
    expect(appraiseQuote(boot.evidence, strict, circumstancesOf(boot))).toMatchObject({
      code: 'PCR_MISMATCH',
      path: 'pcrs.sha256:4',
    });
    expect(codeOf(boot.evidence, compilePolicy({ name: 's', pcrs: { 'sha256:4': 'any' } }))).toBe('ok');
  });

  it('a bank that is selected twice is refused, though its signature is good', () => {
    const { evidence, circumstances } = signedByUs(doubledSelection(boot.evidence.quoted));
    expect(appraiseQuote(evidence, policy, circumstances)).toMatchObject({ code: 'PCR_SELECTION_INVALID' });
  });
});

/** A quote in which the one selection stands twice. */
function doubledSelection(quoted: Uint8Array): Buffer {
  const at = quoted.length - 34 - 6 - 4; // pcrDigest, one selection of 3 octets, their count
  const octets = Buffer.from(quoted);
  const selection = octets.subarray(at + 4, at + 10);
  const doubled = Buffer.concat([octets.subarray(0, at + 4), selection, octets.subarray(at + 4)]);
  doubled.writeUInt32BE(2, at);
  return doubled;
}

/** What a hostile TPM could say. */
function signedByUs(quoted: Uint8Array) {
  return { evidence: signed(quoted), circumstances: circumstancesOf(boot, { key: makersKey }) };
}

describe('counters and firmware', () => {
  const after = quoteOf('ecdsa-p256', 'after a reboot');
  const read = parseQuote(boot.evidence.quoted);
  if ('ok' in read) throw new Error(read.detail);
  const before: TpmCounters = read;

  it('tell of a reboot, and a policy may refuse it', () => {
    const verdict = appraiseQuote(after.evidence, policy, circumstancesOf(after, { previous: before }));
    expect(verdict).toMatchObject({ ok: true, reboot: 'reset' });
    const strict = policyWith({ reboot: 'refuse' });
    expect(codeOf(after.evidence, strict, { previous: before }, after)).toBe('REBOOTED');
    expect(codeOf(boot.evidence, strict, { previous: before })).toBe('ok');
    const resumed = { ...before, restartCount: before.restartCount - 1 };
    expect(codeOf(boot.evidence, strict, { previous: resumed })).toBe('REBOOTED');
  });

  it('that went back are refused: an old quote cannot follow a new one', () => {
    const newest = appraiseQuote(after.evidence, policy, circumstancesOf(after));
    if (!newest.ok) throw new Error(newest.detail);
    expect(codeOf(boot.evidence, policy, { previous: newest.counters })).toBe('COUNTERS_WENT_BACK');
    const later = { ...before, clockMs: before.clockMs + 1n };
    expect(codeOf(boot.evidence, policy, { previous: later })).toBe('COUNTERS_WENT_BACK');
    expect(codeOf(boot.evidence, policy, { previous: { ...before, restartCount: 1 } })).toBe('COUNTERS_WENT_BACK');
  });

  it('are compared modulo 2^32, wherever a TPM lets them begin', () => {
    const wrapped = { ...before, resetCount: (before.resetCount - 2) >>> 0 };
    expect(codeOf(boot.evidence, policy, { previous: wrapped })).toBe('ok');
  });

  it('of other firmware are refused unless the policy takes them', () => {
    const other = { ...before, firmwareVersion: before.firmwareVersion + 1n };
    expect(codeOf(boot.evidence, policy, { previous: other })).toBe('FIRMWARE_CHANGED');
    expect(codeOf(boot.evidence, policyWith({ firmwareChange: 'accept' }), { previous: other })).toBe('ok');
    const version = before.firmwareVersion.toString(16).padStart(16, '0');
    expect(codeOf(boot.evidence, policyWith({ firmwareVersions: [version] }))).toBe('ok');
    expect(codeOf(boot.evidence, policyWith({ firmwareVersions: ['00'.repeat(8)] }))).toBe('FIRMWARE_REFUSED');
  });

  it('of a clock that is not safe are refused where the policy says so', () => {
    const unsafe = Buffer.from(boot.evidence.quoted);
    unsafe[unsafe.length - 34 - 10 - 8 - 1] = 0;
    const { evidence, circumstances } = signedByUs(unsafe);
    expect(appraiseQuote(evidence, policy, circumstances)).toMatchObject({ ok: true, safe: false });
    const strict = policyWith({ unsafeClock: 'refuse' });
    expect(appraiseQuote(evidence, strict, circumstances)).toMatchObject({ code: 'CLOCK_UNSAFE' });
  });

  it('come back from the predicate of an attestation', () => {
    const verdict = appraiseQuote(after.evidence, policy, circumstancesOf(after));
    if (!verdict.ok) throw new Error(verdict.detail);
    const predicate = JSON.parse(JSON.stringify(deviceStateOf(verdict)));
    expect(countersOf(predicate)).toEqual(verdict.counters);
    expect(countersOf({ pcrs: {} })).toBeUndefined();
  });
});

describe('an event log beside a quote', () => {
  const events = { allow: {}, require: [] };
  const withLog = { ...boot.evidence, eventLog };

  it('is accepted when it leads to the quoted values, and refused when it does not', () => {
    expect(appraiseQuote(withLog, policy, circumstancesOf(boot))).toMatchObject({
      ok: true,
      eventLog: { startupLocality: 0 },
    });
    const changed = Buffer.from(eventLog);
    changed[changed.length - 33 - 50 - 32]! ^= 1; // the SHA-256 digest of the last event, in PCR 5
    expect(codeOf({ ...boot.evidence, eventLog: changed })).toBe('EVENT_LOG_MISMATCH');
  });

  it('is handed on with those digests alone that the quote vouches for', () => {
    const verdict = appraiseQuote(withLog, policy, circumstancesOf(boot));
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(verdict.eventLog!.events.map(({ digests }) => [...digests.keys()])).toEqual(
      verdict.eventLog!.events.map(() => ['sha256']),
    );
    const two = quoteOf('ecdsa-p256', 'two banks');
    const both = appraiseQuote({ ...two.evidence, eventLog }, policy, circumstancesOf(two));
    if (!both.ok) throw new Error(both.detail);
    const banks = both.eventLog!.events.map(({ pcr, digests }) => `${pcr}: ${[...digests.keys()].join()}`);
    expect(banks).toContain('7: sha256,sha384');
    expect(banks).toContain('4: sha256');
  });

  it('is handed on without digests of what was extended into nothing, whatever the log says of it', () => {
    const data = Buffer.from('claimed');
    const sha256 = createHash('sha256').update(data).digest();
    // PCR 7, EV_NO_ACTION, three digests of which one is that of the data.
    const head = Buffer.from('0700000003000000030000000b00', 'hex');
    const others = [Buffer.from('0400', 'hex'), Buffer.alloc(20), Buffer.from('0c00', 'hex'), Buffer.alloc(48)];
    const claim = Buffer.concat([head, sha256, ...others, Buffer.of(7, 0, 0, 0), data]);
    const verdict = appraiseQuote(
      { ...boot.evidence, eventLog: Buffer.concat([eventLog, claim]) },
      policy,
      circumstancesOf(boot),
    );
    if (!verdict.ok) throw new Error(verdict.detail);
    const last = verdict.eventLog!.events.at(-1)!;
    expect(last).toMatchObject({ pcr: 7, type: 'EV_NO_ACTION', digests: new Map() });
    expect(isDataMeasured(last, 'sha256')).toBe(false);
  });

  it('must be there when the policy has rules', () => {
    expect(codeOf(boot.evidence, policyWith({ events }))).toBe('EVENT_LOG_MISSING');
    expect(codeOf(withLog, policyWith({ events }))).toBe('ok');
    expect(codeOf({ ...boot.evidence, eventLog: bytesOf('AAAA') })).toBe('EVENT_LOG_MALFORMED');
  });

  it('must have only events that the policy allows', () => {
    const separator = 'df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119'; // of four zeros
    const allow = (digests: string[]) => policyWith({ events: { allow: { 'sha256:1': digests } } });
    expect(codeOf(withLog, allow([separator]))).toBe('ok');
    expect(codeOf(withLog, allow(['ab'.repeat(32)]))).toBe('EVENT_REFUSED');
  });

  it('must have the events that the policy asks for, by type and digest', () => {
    const asking = (type: string, digests?: string[]) =>
      policyWith({ events: { require: [{ pcr: 'sha256:7', type, ...(digests === undefined ? {} : { digests }) }] } });
    expect(codeOf(withLog, asking('EV_EFI_VARIABLE_DRIVER_CONFIG'))).toBe('ok');
    expect(codeOf(withLog, asking('EV_EFI_VARIABLE_DRIVER_CONFIG', ['ab'.repeat(32)]))).toBe('EVENT_MISSING');
    expect(codeOf(withLog, asking('EV_EFI_VARIABLE_AUTHORITY'))).toBe('EVENT_MISSING');
  });

  it('cannot satisfy a rule by leaving out the events of its PCR', () => {
    const header = eventLog.subarray(0, 32 + 28 + 3 * 4 + 1); // the first event alone
    const rules = policyWith({ events: { allow: { 'sha256:1': ['ab'.repeat(32)] } } });
    expect(codeOf({ ...boot.evidence, eventLog: header }, policyWith({ events }))).toBe('ok');
    expect(codeOf({ ...boot.evidence, eventLog: header }, rules)).toBe('EVENT_LOG_MISMATCH');
  });
});

describe('evidence from outside', () => {
  it('of any other shape is refused', () => {
    const { quoted, signature, pcrs } = boot.evidence;
    const shapes: unknown[] = [
      undefined,
      null,
      7,
      'quote',
      [],
      {},
      { quoted, signature },
      { quoted, signature, pcrs: [] },
      { quoted: quoted.toString(), signature, pcrs },
      { quoted, signature, pcrs, eventLog: 'log' },
    ];
    for (const shape of shapes) {
      const verdict = appraiseQuote(shape as QuoteEvidence, policy, circumstancesOf(boot));
      expect(verdict).toMatchObject({ ok: false, code: 'EVIDENCE_MALFORMED' });
    }
  });

  it('that no TPM made is refused by its magic, and what is no quote by its type', () => {
    const other = Buffer.from(boot.evidence.quoted);
    other[0] = 0;
    expect(codeOf({ ...boot.evidence, quoted: other })).toBe('QUOTE_MAGIC_INVALID');
    const certify = Buffer.from(boot.evidence.quoted);
    certify[5] = 0x17; // TPM_ST_ATTEST_CERTIFY
    expect(codeOf({ ...boot.evidence, quoted: certify })).toBe('QUOTE_TYPE_INVALID');
  });
});
