// What the strict Ed25519 profile costs beside the bare libraries, what the tree costs beside a plain one, and canonical
// JSON beside JSON.stringify. Everything runs on one thread and in memory.
import { createHash, createPublicKey, verify as opensslVerify } from 'node:crypto';
import { createRequire } from 'node:module';
import { canonicalJson, createSigner, createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { CompactRange, leafHash } from '@tenstrip/shared-core/transparency';
import nacl from 'tweetnacl';

const require = createRequire(import.meta.url);
const node = `Node ${process.versions.node}`;

/** Messages of 200 bytes by 8 signers; every fifth signature is damaged, so that both verdicts occur. */
function makeSigned(count) {
  const signers = Array.from({ length: 8 }, (_, at) => createSigner(new Uint8Array(32).fill(at + 1)));
  return Array.from({ length: count }, (_, index) => {
    const signer = signers[index % signers.length];
    const message = new Uint8Array(200).fill(index);
    const signature = signer.sign(message);
    if (index % 5 === 0) signature[index % 32] ^= 1;
    return { publicKey: signer.publicKey, message, signature };
  });
}

/** The verdicts of `verify` as text, one digit each. */
const verdicts = (signed, verify) =>
  signed.map((each) => Number(verify(each.publicKey, each.message, each.signature))).join('');

function checkVerdicts(ours, peer) {
  if (ours !== peer || !ours.includes('0') || !ours.includes('1')) throw new Error('the verdicts differ');
  return `same ${ours.length} verdicts, ${[...ours].filter((digit) => digit === '0').length} of them refusals`;
}

/** Records of 200 bytes, each unlike the others. */
function makeRecords(count) {
  return Array.from({ length: count }, (_, index) => {
    const record = Buffer.alloc(200, index);
    record.writeUInt32LE(index);
    return record;
  });
}

/** The tree as one would first write it: createHash, concat, and a list of the subtrees' roots with their sizes. */
function plainTreeRoot(records) {
  const digest = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [leaf, node] = [Buffer.of(0), Buffer.of(1)];
  const roots = [];
  for (const record of records) {
    let top = { hash: digest(leaf, record), size: 1 };
    while (roots.at(-1)?.size === top.size)
      top = { hash: digest(node, roots.pop().hash, top.hash), size: 2 * top.size };
    roots.push(top);
  }
  return roots.map(({ hash }) => hash).reduceRight((right, left) => digest(node, left, right));
}

/** Decisions as the ledger writes them, with their members in canonical order. */
function makeDocuments(count) {
  return Array.from({ length: count }, (_, index) => ({
    action: 'block',
    actor: { address: `203.0.113.${index % 256}`, network: 'AS64500' },
    evidence: [index, index + 1, index + 2],
    reason: 'login failures: “root”',
    scenario: 'sshd/password-guessing',
    score: index / 7,
    until: 1_700_000_000 + index,
  }));
}

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'Ed25519 verify, strict profile and key cache, against OpenSSL alone',
    size: '8,000 signatures by 8 keys',
    metric: 'cpu',
    target: { atMost: 1.15 },
    prepare({ quick }) {
      const signed = makeSigned(quick ? 2000 : 8000);
      const { verify } = createVerifier();
      const keys = new Map(); // imported beforehand: the peer does nothing but verify
      for (const { publicKey } of signed) {
        const x = Buffer.from(publicKey).toString('base64url');
        keys.set(publicKey, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
      }
      const bare = (publicKey, message, signature) => opensslVerify(null, message, keys.get(publicKey), signature);
      return {
        ours: { run: () => verdicts(signed, verify) },
        peer: { name: 'crypto.verify', version: node, run: () => verdicts(signed, bare) },
        check: checkVerdicts,
      };
    },
  },
  {
    workload: 'Ed25519 verify, strict profile, against TweetNaCl alone',
    size: '50 signatures by 8 keys',
    metric: 'cpu',
    prepare({ quick }) {
      const signed = makeSigned(quick ? 10 : 50);
      const { verify } = createVerifier();
      const bare = (publicKey, message, signature) => nacl.sign.detached.verify(message, signature, publicKey);
      const { version } = require('tweetnacl/package.json');
      return {
        ours: { run: () => verdicts(signed, verify) },
        peer: { name: 'tweetnacl', version, run: () => verdicts(signed, bare) },
        check: checkVerdicts,
      };
    },
  },
  {
    workload: 'Merkle tree: leaf hash and append, against createHash and concat',
    size: '100,000 records of 200 bytes',
    metric: 'cpu',
    prepare({ quick }) {
      const records = makeRecords(quick ? 20_000 : 100_000);
      const grow = () => {
        const range = new CompactRange(sha256);
        for (const record of records) range.append(leafHash(record, sha256));
        return range.root();
      };
      return {
        ours: { run: grow },
        peer: { name: 'node:crypto createHash', version: node, run: () => plainTreeRoot(records) },
        check(ours, peer) {
          if (Buffer.compare(ours, peer) !== 0) throw new Error('the roots differ');
          return `same root of ${records.length} leaves`;
        },
      };
    },
  },
  {
    workload: 'canonical JSON, checked, against JSON.stringify of sorted members',
    size: '50,000 decisions of 7 members',
    metric: 'cpu',
    prepare({ quick }) {
      const documents = makeDocuments(quick ? 10_000 : 50_000);
      const total = (print) => documents.reduce((length, document) => length + print(document).length, 0);
      return {
        ours: { run: () => total(canonicalJson) },
        peer: { name: 'JSON.stringify', version: node, run: () => total(JSON.stringify) },
        check() {
          for (const document of documents) {
            if (canonicalJson(document) !== JSON.stringify(document)) throw new Error('the texts differ');
          }
          return `same ${documents.length} texts`;
        },
      };
    },
  },
];
