// The judgement of tpm2-tools on the same octets: tpm2_checkquote on quotes, good and damaged, and tpm2_eventlog on event logs.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootEvents, printEventLog } from '../../../../tools/lab/measured-boot.mjs';
import { requireFull, requireTool } from '../../../../tools/test-requirements.mjs';
import { appraiseQuote, compilePolicy, isDataMeasured, parseEventLog, replayEventLog } from '../../src/index.js';
import { circumstancesOf, quoteOf, quotes, type RecordedQuote, record } from '../evidence/recorded-quotes.js';

const tools = requireTool('tpm2_checkquote');
/** Every octet is damaged in the long version. */
const step = requireFull().available ? 1 : 31;
const everything = (quote: RecordedQuote) =>
  compilePolicy({
    name: 'any values',
    hashes: ['sha1', 'sha256', 'sha384', 'sha512'],
    pcrs: Object.fromEntries(Object.keys(quote.evidence.pcrs).map((id) => [id, 'any'])),
  });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-tpm2-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, octets: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
}

/** What tpm2_checkquote says: the values it gets in its own form, with the same changes as ours. */
function isGoodToTheTool(
  { key, hash, nonce, evidence, toolPcrs }: RecordedQuote,
  changed: { quoted?: Uint8Array; signature?: Uint8Array; nonce?: Uint8Array; toolPcrs?: Uint8Array } = {},
): boolean {
  const { quoted = evidence.quoted, signature = evidence.signature } = changed;
  const files = [
    '-m',
    fileWith('m', quoted),
    '-s',
    fileWith('s', signature),
    '-f',
    fileWith('p', changed.toolPcrs ?? toolPcrs),
  ];
  const qualification = Buffer.from(changed.nonce ?? nonce).toString('hex');
  const pem = fileWith('k.pem', record.keys[key]!.pem);
  const { status } = spawnSync('tpm2_checkquote', ['-u', pem, '-g', hash, '-q', qualification, ...files]);
  return status === 0;
}

describe.skipIf(!tools.available)('tpm2_checkquote', () => {
  // tpm2-tools 5.4 refuses every RSAPSS signature, that of a TPM too; of those the TPM itself is asked, in the integration tests.
  const known = quotes.filter(({ key }) => key !== 'rsapss');

  it.each(known.map((quote) => [quote.key, quote.name, quote] as const))('agrees on %s, %s', (_key, _name, quote) => {
    expect(isGoodToTheTool(quote)).toBe(true);
    expect(appraiseQuote(quote.evidence, everything(quote), circumstancesOf(quote))).toMatchObject({ ok: true });
  });

  it('agrees on damaged quotes, signatures, values and nonces', { timeout: 300_000 }, () => {
    for (const key of ['ecdsa-p256', 'rsassa']) {
      const quote = quoteOf(key);
      const policy = everything(quote);
      const given = circumstancesOf(quote);
      const flip = (octets: Uint8Array, at: number) => {
        const changed = Buffer.from(octets);
        changed[at]! ^= 1;
        return changed;
      };
      const { quoted, signature, pcrs } = quote.evidence;
      for (let at = 0; at < quoted.length; at += step) {
        const changed = flip(quoted, at);
        expect(isGoodToTheTool(quote, { quoted: changed })).toBe(false);
        expect(appraiseQuote({ ...quote.evidence, quoted: changed }, policy, given).ok).toBe(false);
      }
      for (let at = 0; at < signature.length; at += step) {
        const changed = flip(signature, at);
        expect(isGoodToTheTool(quote, { signature: changed })).toBe(false);
        expect(appraiseQuote({ ...quote.evidence, signature: changed }, policy, given).ok).toBe(false);
      }
      const nonce = flip(quote.nonce, 31);
      expect(isGoodToTheTool(quote, { nonce })).toBe(false);
      expect(appraiseQuote(quote.evidence, policy, { ...given, nonce }).ok).toBe(false);
      const value = Buffer.from(pcrs['sha256:4']!, 'hex');
      const at = quote.toolPcrs.indexOf(value);
      expect(isGoodToTheTool(quote, { toolPcrs: flip(quote.toolPcrs, at) })).toBe(false);
      const values = { ...pcrs, 'sha256:4': flip(value, 0).toString('hex') };
      expect(appraiseQuote({ ...quote.evidence, pcrs: values }, policy, given).ok).toBe(false);
    }
  });
});

it.skipIf(!tools.available)('octets after a signature are refused here, which tpm2_checkquote passes over', () => {
  const quote = quoteOf('rsassa');
  const signature = Buffer.concat([quote.evidence.signature, Buffer.alloc(1)]);
  expect(isGoodToTheTool(quote, { signature })).toBe(true);
  const verdict = appraiseQuote({ ...quote.evidence, signature }, everything(quote), circumstancesOf(quote));
  expect(verdict).toMatchObject({ code: 'SIGNATURE_MALFORMED' });
});

/** What tpm2_eventlog makes of a log: events with their digests, and the PCRs they lead to. */
function readByTheTool(log: Uint8Array) {
  const yaml = execFileSync('tpm2_eventlog', [fileWith('log', log)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [listed, values] = yaml.split(/^pcrs:$/m) as [string, string];
  const events = listed
    .split(/^- EventNum: \d+$/m)
    .slice(2)
    .map((text) => ({
      pcr: Number(/PCRIndex: (\d+)/.exec(text)![1]),
      type: /EventType: (\w+)/.exec(text)![1],
      digests: [...text.matchAll(/AlgorithmId: (\w+)\n {4}Digest: "([0-9a-f]+)"/g)].map(([, bank, digest]) => [
        bank,
        digest,
      ]),
    }));
  const pcrs = new Map<string, string>();
  let bank = '';
  for (const line of values.split('\n')) {
    bank = /^ {2}(\w+):/.exec(line)?.[1] ?? bank;
    const [, index, value] = /^ {4}(\d+) +: 0x([0-9a-f]+)/.exec(line) ?? [];
    if (index !== undefined) pcrs.set(`${bank}:${index}`, value!);
  }
  return { events, pcrs };
}

describe.skipIf(!tools.available)('tpm2_eventlog', () => {
  // Not with a StartupLocality: tpm2-tools 5.4 extends its zeros. Of that the TPM itself is asked, in the integration tests.
  it.each([
    ['of a boot', bootEvents('vmlinuz')],
    ['of twenty boots', Array.from({ length: 20 }, (_, at) => bootEvents(`vmlinuz-${at}`)).flat()],
  ])('reads the same events and PCRs from the log %s', (_name, events) => {
    const octets = printEventLog(events, ['sha1', 'sha256', 'sha384']);
    const log = parseEventLog(octets);
    if ('ok' in log) throw new Error(log.detail);
    const theirs = readByTheTool(octets);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    expect(
      log.events.map(({ pcr, type, digests }) => ({
        pcr,
        type,
        digests: [...digests].map(([bank, d]) => [bank, hex(d)]),
      })),
    ).toEqual(theirs.events);
    const replayed = new Map([...replayEventLog(log)].map(([id, value]) => [id, hex(value)]));
    expect(replayed.size).toBeGreaterThan(20);
    expect(new Map([...replayed].sort())).toEqual(new Map([...theirs.pcrs].sort()));
    expect(log.events.some((event) => isDataMeasured(event, 'sha256'))).toBe(true);
  });
});
