// What appraising a TPM quote costs beside a process of tpm2_checkquote for each, which is how verifiers without a TPM library do it, and
// beside the bare signature, which is the floor. Quotes are those that a software TPM gave (test/evidence/recorded-quotes.json).
import { execFileSync, spawn } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appraiseQuote,
  compilePolicy,
  parseEventLog,
  readAttestationKey,
  replayEventLog,
} from '@tenstrip/attestation-authority';
import { bootEvents, printEventLog } from '../../../tools/lab/measured-boot.mjs';
import { isInstalledTool } from '../../../tools/testing/system-packages.mjs';

const record = JSON.parse(readFileSync(new URL('../test/evidence/recorded-quotes.json', import.meta.url), 'utf8'));
const bytes = (base64) => Buffer.from(base64, 'base64');

/** The quote of a boot by one key: PCR 0 to 8 of SHA-256. */
function recorded(key) {
  const quote = record.quotes.find((one) => one.key === key && one.name === 'boot');
  const attestationKey = readAttestationKey(bytes(record.keys[key].publicArea));
  const pcrs = Object.fromEntries(Object.entries(quote.pcrs).map(([id, value]) => [id, [value]]));
  return {
    key: attestationKey,
    pem: record.keys[key].pem,
    policy: compilePolicy({ name: 'servers', pcrs }),
    nonce: bytes(quote.nonce),
    evidence: { quoted: bytes(quote.quoted), signature: bytes(quote.signature), pcrs: quote.pcrs },
    toolPcrs: bytes(quote.toolPcrs),
    hash: quote.hash,
  };
}

/** The quote, and copies of it that are damaged: one octet of the quote, the signature, or the nonce is another. */
function variants(good, count) {
  const flip = (octets, at) => {
    const changed = Buffer.from(octets);
    changed[at] ^= 1;
    return changed;
  };
  const { evidence, nonce } = good;
  const damaged = [
    { ...good, evidence: { ...evidence, quoted: flip(evidence.quoted, 50) } },
    { ...good, evidence: { ...evidence, signature: flip(evidence.signature, 20) } },
    { ...good, nonce: flip(nonce, 0) },
  ];
  return Array.from({ length: count }, (_, at) => (at % 4 === 3 ? damaged[(at >> 2) % damaged.length] : good));
}

function appraise({ evidence, policy, key, nonce }) {
  return appraiseQuote(evidence, policy, { key, nonce, challengedAt: 0, time: 1 }).ok;
}

/** Runs a program of tpm2-tools to its end; its exit code. */
function runTool(program, args) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.once('error', fail);
    child.once('exit', done);
  });
}

/** The files of a quote, and what tpm2_checkquote is called with. */
function checkquoteArguments(folder, at, { evidence, pem, toolPcrs, hash, nonce }) {
  const parts = { u: pem, m: evidence.quoted, s: evidence.signature, f: toolPcrs };
  const args = Object.entries(parts).flatMap(([option, content]) => {
    const file = join(folder, `${at}.${option}`);
    writeFileSync(file, content);
    return [`-${option}`, file];
  });
  return [...args, '-g', hash, '-q', nonce.toString('hex')];
}

/** CPU time of the children of this process that have ended, in milliseconds (proc(5), fields 16 and 17; a tick is 10 ms). */
function childrensCpuMs() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

const absentTool = { name: 'tpm2_checkquote', absent: 'not installed: apt-get install tpm2-tools' };

const besideProcesses = (name, key) => ({
  workload: `appraising quotes by ${name}, beside a process of tpm2_checkquote for each`,
  size: '256 quotes of 9 PCRs, 64 of them damaged (64 and 16 with --quick)',
  metric: 'speedup',
  target: { atLeast: 100 },
  prepare({ quick }) {
    const quotes = variants(recorded(key), quick ? 64 : 256);
    const ours = { run: () => quotes.map(appraise) };
    // A verifier runs for months; here it is called for a few milliseconds a second, between processes of the peer.
    for (let warm = 0; warm < 100; warm++) ours.run();
    const check = (our, peer) => {
      if (JSON.stringify(our) !== JSON.stringify(peer)) throw new Error(`ours says ${our}, the peer ${peer}`);
      return `the same verdicts: ${our.filter(Boolean).length} accepted, ${our.filter((good) => !good).length} refused`;
    };
    if (!isInstalledTool('tpm2_checkquote')) return { ours, peer: absentTool, check };
    const folder = mkdtempSync(join(tmpdir(), 'tpm-bench-'));
    const calls = quotes.map((quote, at) => checkquoteArguments(folder, at, quote));
    let childMs = 0;
    const peer = {
      name: 'tpm2_checkquote',
      version: execFileSync('tpm2_checkquote', ['--version'], { encoding: 'utf8' }).match(/version="([^"]+)"/)[1],
      async run() {
        const before = childrensCpuMs();
        const verdicts = [];
        for (const args of calls) verdicts.push((await runTool('tpm2_checkquote', args)) === 0);
        childMs = childrensCpuMs() - before;
        return verdicts;
      },
      childCpuMs: () => childMs,
    };
    return { ours, peer, check, dispose: () => rmSync(folder, { recursive: true }) };
  },
});

/** The same quotes, of which the peer verifies the signature and nothing else: all that is not that is our own cost. */
// What is not the signature (reading the quote, the digest of its PCRs, the policy) takes some 17 to 20 us a quote with either key. The bars
// are what that is beside the signatures that OpenSSL verifies: 1.25 to 1.3 times P-256 (70 us), 1.7 times RSA-2048 (23 us).
const besideSignature = (name, key, target) => ({
  workload: `appraising quotes by ${name}, beside the bare signature`,
  size: '2,048 quotes of 9 PCRs',
  metric: 'cpu',
  target,
  prepare() {
    const good = recorded(key);
    const { evidence, hash } = good;
    const publicKey = createPublicKey(good.pem);
    const dsa = { key: publicKey, dsaEncoding: 'ieee-p1363' };
    const isEcc = good.key.type === 'ecc';
    const numbers = evidence.signature;
    const raw = isEcc ? Buffer.concat([numbers.subarray(6, 38), numbers.subarray(40)]) : numbers.subarray(6);
    const count = 2048;
    const times = (judge) => () => {
      let accepted = 0;
      for (let at = 0; at < count; at++) if (judge()) accepted++;
      return accepted;
    };
    return {
      ours: { run: times(() => appraise(good)) },
      peer: {
        name: 'node:crypto',
        version: process.versions.node,
        run: times(() => verify(hash, evidence.quoted, isEcc ? dsa : publicKey, raw)),
      },
      check(our, peer) {
        if (our !== peer || our !== count) throw new Error(`ours accepts ${our}, the peer ${peer}`);
        return `both accept all ${our}`;
      },
    };
  },
});

const eventLogReplay = {
  workload: 'reading and replaying an event log, beside a process of tpm2_eventlog',
  size: '200 events in 3 banks, 32 times',
  metric: 'speedup',
  target: { atLeast: 10 },
  prepare() {
    const banks = ['sha1', 'sha256', 'sha384'];
    const events = Array.from({ length: 20 }, (_, at) => bootEvents(`vmlinuz-${at}`))
      .flat()
      .slice(0, 200);
    const log = printEventLog(events, banks);
    const times = 32;
    const ours = {
      run() {
        let values = new Map();
        for (let at = 0; at < times; at++) values = replayEventLog(parseEventLog(log));
        return [...values].map(([id, value]) => `${id} ${Buffer.from(value).toString('hex')}`).sort();
      },
    };
    const check = (our, peer) => {
      if (our.join() !== peer.join()) throw new Error(`ours leads to ${our}, the peer's to ${peer}`);
      return `the same values of ${our.length} PCRs`;
    };
    if (!isInstalledTool('tpm2_eventlog')) return { ours, peer: { ...absentTool, name: 'tpm2_eventlog' }, check };
    const folder = mkdtempSync(join(tmpdir(), 'tpm-bench-'));
    const file = join(folder, 'log');
    writeFileSync(file, log);
    const peer = {
      name: 'tpm2_eventlog',
      version: execFileSync('tpm2_eventlog', ['--version'], { encoding: 'utf8' }).match(/version="([^"]+)"/)[1],
      run() {
        let yaml = '';
        for (let at = 0; at < times; at++) {
          yaml = execFileSync('tpm2_eventlog', [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
        }
        return valuesIn(yaml).sort();
      },
    };
    return { ours, peer, check, dispose: () => rmSync(folder, { recursive: true }) };
  },
};

/** The PCRs at the end of what tpm2_eventlog prints. */
function valuesIn(yaml) {
  const values = [];
  let bank = '';
  for (const line of yaml.slice(yaml.lastIndexOf('\npcrs:')).split('\n')) {
    bank = /^ {2}(\w+):/.exec(line)?.[1] ?? bank;
    const [, index, value] = /^ {4}(\d+) +: 0x([0-9a-f]+)/.exec(line) ?? [];
    if (index !== undefined) values.push(`${bank}:${index} ${value}`);
  }
  return values;
}

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  besideProcesses('ECDSA P-256', 'ecdsa-p256'),
  besideProcesses('RSASSA-2048', 'rsassa'),
  besideSignature('ECDSA P-256', 'ecdsa-p256', { atMost: 1.35 }),
  besideSignature('RSASSA-2048', 'rsassa', { atMost: 1.75 }),
  eventLogReplay,
];
