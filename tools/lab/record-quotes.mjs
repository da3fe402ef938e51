// Records evidence of a software TPM, for tests and benchmarks that must run without one: `node tools/lab/record-quotes.mjs`. Keys are new at
// every run, so the whole record is.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manufactureTpm } from './endorsement.mjs';
import { bootEvents, digestsOf, printEventLog } from './measured-boot.mjs';
import { SoftwareTpm } from './software-tpm.mjs';

const RECORD = fileURLToPath(
  new URL('../../packages/attestation-authority/test/evidence/recorded-quotes.json', import.meta.url),
);
const BANKS = /** @type {const} */ (['sha1', 'sha256', 'sha384']);
const ENDORSEMENT = { rsa: '0x81010001', ecc: '0x81010016' };
/** @type {Record<string, { algorithm: string, hash: string, scheme: string, toolScheme?: string }>} */
const KEYS = {
  'ecdsa-p256': { algorithm: 'ecc', hash: 'sha256', scheme: 'ecdsa' },
  'ecdsa-p384': { algorithm: 'ecc384', hash: 'sha384', scheme: 'ecdsa' },
  rsassa: { algorithm: 'rsa', hash: 'sha256', scheme: 'rsassa' },
  rsapss: { algorithm: 'rsa', hash: 'sha256', scheme: 'rsapss', toolScheme: 'rsapss' },
  'ecdsa-sha1': { algorithm: 'ecc', hash: 'sha1', scheme: 'ecdsa' },
};
const BOOT = 'sha256:0,1,2,3,4,5,6,7,8';
const SELECTIONS = {
  boot: BOOT,
  debug: 'sha256:16',
  'two banks': `${BOOT}+sha384:0,7`,
  'banks in another order': 'sha384:7,0+sha256:4,2,0',
  'with sha1': `${BOOT}+sha1:0,1`,
};

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'tenstrip-tpm-'));
  const certificates = await manufactureTpm(folder);
  const tpm = await SoftwareTpm.start(folder);
  try {
    const events = bootEvents('vmlinuz-6.1 root=/dev/vda1');
    const boot = async () => {
      for (const event of events) await tpm.extend(event.pcr, digestsOf(event, BANKS));
    };
    const endorsement = {
      rsa: await publicAreaOf(tpm, ENDORSEMENT.rsa),
      ecc: await publicAreaOf(tpm, ENDORSEMENT.ecc),
    };
    const keys = await createKeys(tpm);
    await boot();
    const quotes = [];
    for (const key of Object.keys(KEYS)) {
      for (const name of Object.keys(SELECTIONS)) {
        if (name === 'boot' || key === 'ecdsa-p256') quotes.push(await record(tpm, key, name));
      }
    }
    await tpm.stop();
    await tpm.start();
    await boot();
    quotes.push({ ...(await record(tpm, 'ecdsa-p256', 'boot')), name: 'after a reboot' });
    const plain = { rsa: base64(certificates.rsa), ecc: base64(certificates.ecc) };
    const record_ = {
      made: 'by tools/lab/record-quotes.mjs',
      endorsement: { ...endorsement, certificates: { ...plain, issuer: certificates.issuer, root: certificates.root } },
      keys,
      quotes,
      eventLog: base64(printEventLog(events, BANKS)),
    };
    await writeFile(RECORD, `${JSON.stringify(record_, undefined, 2)}\n`);
  } finally {
    await tpm.kill();
    await rm(folder, { recursive: true });
  }
}

/** @param {SoftwareTpm} tpm @param {string} handle */
async function publicAreaOf(tpm, handle) {
  return base64(await tpm.publicArea(handle));
}

/** @param {SoftwareTpm} tpm */
async function createKeys(tpm) {
  /** @type {Record<string, { handle: string, publicArea: string, pem: string, name: string }>} */
  const keys = {};
  for (const [at, [name, kind]] of Object.entries(KEYS).entries()) {
    const handle = `0x810100${(0x20 + at).toString(16)}`;
    const key = await tpm.createAttestationKey({ ...kind, endorsementKey: ENDORSEMENT.rsa, handle });
    keys[name] = { handle, publicArea: base64(key.publicArea), pem: key.pem, name: key.name.toString('hex') };
  }
  return keys;
}

/**
 * @param {SoftwareTpm} tpm
 * @param {string} key
 * @param {string} name of a selection
 */
async function record(tpm, key, name) {
  const kind = KEYS[key];
  const selection = SELECTIONS[/** @type {keyof typeof SELECTIONS} */ (name)];
  const at = Object.keys(KEYS).indexOf(key);
  const nonce = randomBytes(32);
  const handle = `0x810100${(0x20 + at).toString(16)}`;
  const scheme = kind?.toolScheme === undefined ? {} : { scheme: kind.toolScheme };
  const quote = await tpm.quote({ key: handle, selection, nonce, hash: kind?.hash ?? '', ...scheme });
  const { quoted, signature, pcrs, toolPcrs } = quote;
  return {
    name,
    key,
    hash: kind?.hash,
    nonce: base64(nonce),
    quoted: base64(quoted),
    signature: base64(signature),
    pcrs,
    toolPcrs: base64(toolPcrs),
  };
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  return Buffer.from(bytes).toString('base64');
}

await main();
