// What verifying and issuing cost beside one Ed25519 signature each (bare node:crypto) and beside JWTs (jose). One thread. All
// verification is from the public form of an attestation (base64 and proof text), with expectations and status looked at. It is
// measured three ways: what a verifier sees for the first time, batch by batch in the order of the log; the same at random places of a
// log of 2^20; and what it has seen before, as when the identity that a service shows is verified with each of its requests. The last
// is the steady state; the first two are "from proof text". Classic attestations are measured by the first time and the last: what was seen
// before is a look-up in either mode, as the verifier keeps which proof and which signature of a payload it found true; what comes for
// the first time needs its own signature verified. The bare verify that it stands beside gets its message and its signature as bytes; we
// get JSON's texts, and read, check and judge the statement, all of it inside the same 8 %.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttestationAuthority,
  AttestationVerifier,
  parseAttestation,
  preAuthenticationEncoding,
  printAttestation,
  StatusSnapshot,
  statementPayloadType,
} from '@tenstrip/attestation-authority';
import { createSigner } from '@tenstrip/shared-core/crypto';

const node = { name: 'node:crypto', version: process.versions.node };
const seed = Buffer.alloc(32, 7);
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(privateKey);
/** How often a run verifies what the verifier has seen already. */
const repeated = 4;
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** A request of some 700 bytes as a statement. */
const request = (at, mode) => ({
  subject: [{ name: `pkg:npm/package-${at}@1.0.0`, digest: { sha256: sha256(`package ${at}`) } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'https://ci.example/build/v1',
      externalParameters: { ref: 'refs/tags/v1.0.0', run: at },
    },
    runDetails: {
      builder: { id: 'https://ci.example/runner' },
      metadata: { invocationId: `https://ci.example/runs/${at}` },
    },
  },
  validity: { notAfter: new Date(Date.now() + 86_400_000) },
  mode,
});

const requests = (from, count, mode) => Array.from({ length: count }, (_, at) => request(from + at, mode));

const openAuthority = (folder = 'memory:') =>
  AttestationAuthority.open({ folder, origin: 'bench.example', signer: createSigner(seed), maxWaiting: 1_000_000 });

/** Attestations as they come from a file: their texts are nobody's slices. */
const fromFiles = (attestations) => attestations.map((one) => parseAttestation(printAttestation(one)));

async function given(authority) {
  const trust = { roots: [authority.trustRoot()], status: { maxAgeMs: 3_600_000 } };
  const verifier = new AttestationVerifier(trust);
  let status = StatusSnapshot.empty;
  for (const list of await authority.publishStatus()) {
    const read = verifier.readStatusList(list, Date.now());
    status = status.with(read.list);
  }
  const expect = { predicateType: 'https://slsa.dev/provenance/v1', root: 'bench.example' };
  return { trust, verifier, circumstances: { time: Date.now(), status, expect } };
}

function countAccepted(verifier, attestations, circumstances) {
  let accepted = 0;
  for (const attestation of attestations) if (verifier.verify(attestation, circumstances).ok) accepted++;
  return accepted;
}

/** The same payloads, each with a signature, and a loop over bare verify. */
function signedPayloads(attestations) {
  const messages = attestations.map(({ envelope }) =>
    preAuthenticationEncoding(statementPayloadType, Buffer.from(envelope.payload, 'base64')),
  );
  const signatures = messages.map((message) => sign(null, message, privateKey));
  return () =>
    messages.reduce((count, message, at) => count + Number(verify(null, message, publicKey, signatures[at])), 0);
}

function sameCount(ours, peer) {
  if (ours !== peer) throw new Error(`ours accepts ${ours}, the peer ${peer}`);
  return `both accept all ${ours}`;
}

/** One verification of each by a new verifier, or several by one that has seen them. */
function verifications({ isNew, trust, verifier, circumstances, attestations }) {
  return async () => {
    if (isNew) return countAccepted(new AttestationVerifier(trust), attestations, circumstances);
    let accepted = 0;
    for (let round = 0; round < repeated; round++) accepted += countAccepted(verifier, attestations, circumstances);
    return accepted;
  };
}

const verification = (workload, { mode, isNew, target, batches }) => ({
  workload,
  size: `${batches} x 1,024 attestations${isNew ? '' : `, ${repeated} times`}`,
  metric: 'cpu',
  target,
  async prepare() {
    const authority = await openAuthority();
    const attestations = [];
    for (let batch = 0; batch < batches; batch++) {
      attestations.push(...fromFiles(await authority.issueBatch(requests(batch * 1024, 1024, mode))));
    }
    const peer = signedPayloads(attestations);
    return {
      ours: { run: verifications({ isNew, attestations, ...(await given(authority)) }) },
      peer: {
        ...node,
        async run() {
          let accepted = 0;
          for (let round = 0; round < (isNew ? 1 : repeated); round++) accepted += peer();
          return accepted;
        },
      },
      check: sameCount,
      dispose: () => authority.close(),
    };
  },
});

/**
 * Every 64th attestation of a large log, in random order, each under the checkpoint that it was issued with. Without a bar: most nodes of
 * such a proof stood in no proof before, so each has to be decoded and hashed, up to 20 of them, and the hashes alone are what bounds it.
 * The bar of 4.5 is for proofs in the order of their log, which share all nodes but the lowest.
 */
const atRandom = {
  workload:
    'transparent verification from proof text, first time, at random places of a log of 2^20 (2^16 with --quick)',
  size: '16,384 attestations under 256 checkpoints (1,024 under 16 with --quick)',
  metric: 'cpu',
  async prepare({ quick }) {
    const authority = await openAuthority();
    const size = 2 ** (quick ? 16 : 20);
    const attestations = [];
    for (let from = 0; from < size; from += 4096) {
      const issued = await authority.issueBatch(requests(from, 4096, 'transparent'));
      attestations.push(...fromFiles(issued.filter((_, at) => (at * 41) % 64 === (from / 4096) % 64)));
    }
    let state = 1;
    for (let at = attestations.length - 1; at > 0; at--) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const other = state % (at + 1);
      [attestations[at], attestations[other]] = [attestations[other], attestations[at]];
    }
    const peer = signedPayloads(attestations);
    return {
      ours: { run: verifications({ isNew: true, attestations, ...(await given(authority)) }) },
      peer: { ...node, run: async () => peer() },
      check: sameCount,
      dispose: () => authority.close(),
    };
  },
};

/** A peer that may not be installed. */
const peerOrUndefined = (name) => import(name).catch(() => undefined);

const besideJose = (workload, { isNew, target }) => ({
  workload,
  size: `1,024 attestations${isNew ? '' : `, ${repeated} times`}`,
  metric: 'cpu',
  ...(target === undefined ? {} : { target }),
  async prepare() {
    const jose = await peerOrUndefined('jose');
    const authority = await openAuthority();
    const attestations = fromFiles(await authority.issueBatch(requests(0, 1024, 'transparent')));
    const ours = { run: verifications({ isNew, attestations, ...(await given(authority)) }) };
    const absent = { name: 'jose', absent: 'not installed: npm ci in packages/attestation-authority/bench' };
    if (jose === undefined) return { ours, peer: absent, check: sameCount, dispose: () => authority.close() };
    const tokens = [];
    for (const { envelope } of attestations) {
      const claims = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
      tokens.push(
        await new jose.SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).setExpirationTime('1d').sign(privateKey),
      );
    }
    const key = await jose.importSPKI(publicKey.export({ format: 'pem', type: 'spki' }), 'EdDSA');
    const peer = {
      name: 'jose',
      version: '6.2.17',
      async run() {
        let accepted = 0;
        for (let round = 0; round < (isNew ? 1 : repeated); round++) {
          for (const token of tokens)
            accepted += Number((await jose.jwtVerify(token, key)).payload._type !== undefined);
        }
        return accepted;
      },
    };
    return { ours, peer, check: sameCount, dispose: () => authority.close() };
  },
});

const issuance = {
  workload: 'durable transparent issuance, beside a signature per item without log or disk',
  size: '16,384 attestations',
  metric: 'speedup',
  target: { atLeast: 4 },
  async prepare({ quick }) {
    const count = quick ? 4096 : 16_384;
    const folder = mkdtempSync(join(tmpdir(), 'attestation-bench-'));
    const authority = await openAuthority(join(folder, 'authority'));
    const all = requests(0, count, 'transparent');
    return {
      ours: {
        async run() {
          const halves = [all.slice(0, count / 2), all.slice(count / 2)];
          return (await Promise.all(halves.map((half) => authority.issueBatch(half)))).flat().length;
        },
      },
      peer: {
        ...node,
        async run() {
          return all.map(({ subject, predicateType, predicate }) => {
            const payload = Buffer.from(
              JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate }),
            );
            const sig = sign(null, preAuthenticationEncoding(statementPayloadType, payload), privateKey);
            return { payload: payload.toString('base64'), signatures: [{ sig: sig.toString('base64') }] };
          }).length;
        },
      },
      check(ours, peer) {
        if (ours !== peer) throw new Error('not as many');
        return `${ours} issued; ours durable, logged and with proofs`;
      },
      async dispose() {
        await authority.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

/** Microseconds of CPU a call, over enough calls. */
function microseconds(calls, call) {
  for (let warm = 0; warm < calls / 4; warm++) call(warm);
  const before = process.cpuUsage();
  for (let at = 0; at < calls; at++) call(at);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const statusCheck = {
  workload: 'looking up the status list of an attestation',
  size: '1,000,000 look-ups',
  unit: 'us',
  target: { atMost: 0.3 },
  async measure({ quick }) {
    const authority = await openAuthority();
    const [attestation] = await authority.issueBatch(requests(0, 1, 'transparent'));
    const { circumstances, verifier } = await given(authority);
    const { statement } = verifier.verify(attestation, circumstances);
    const { list, index } = statement.tenstrip_terms.status;
    let revoked = 0;
    const value = microseconds(quick ? 200_000 : 1_000_000, () => {
      const { bits } = circumstances.status.get('bench.example', list);
      revoked += (bits[index >>> 3] >> (7 - (index & 7))) & 1;
    });
    await authority.close();
    return { value, checked: `${revoked} revoked, as issued` };
  },
};

const flatness = {
  workload: 'first verification, in order: cost of a log of 2^20 over one of 2^10 (2^15 with --quick)',
  size: '1,024 attestations at the end of the log',
  unit: 'times',
  target: { atMost: 2 },
  async measure({ quick }) {
    const cost = async (size) => {
      const authority = await openAuthority();
      const all = requests(0, 4096, 'transparent');
      while (authority.size < size - 1024)
        await authority.issueBatch(all.slice(0, Math.min(4096, size - 1024 - Number(authority.size))));
      const attestations = fromFiles(await authority.issueBatch(all.slice(0, 1024)));
      const { trust, circumstances } = await given(authority);
      const rounds = 20;
      const value = microseconds(rounds, () =>
        countAccepted(new AttestationVerifier(trust), attestations, circumstances),
      );
      await authority.close();
      return value;
    };
    const small = await cost(2 ** 10);
    const large = await cost(2 ** (quick ? 15 : 20));
    return {
      value: large / small,
      checked: `${(small / 1024).toFixed(2)} and ${(large / 1024).toFixed(2)} us an attestation`,
    };
  },
};

const againAtMost = { mode: 'transparent', isNew: false, target: { atMost: 0.1 }, batches: 1 };
const firstAtMost = { mode: 'transparent', isNew: true, target: { atMost: 1 / 4.5 }, batches: 4 };
const classicAgain = { mode: 'signature', isNew: false, target: { atMost: 0.1 }, batches: 1 };
const classicFirst = { mode: 'signature', isNew: true, target: { atMost: 1.08 }, batches: 4 };

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  verification('transparent verification, steady state: seen before', againAtMost),
  besideJose('transparent verification, steady state: seen before, beside JWTs', {
    isNew: false,
    target: { atMost: 1 / 25 },
  }),
  besideJose('transparent verification from proof text, first time, in order, beside JWTs', { isNew: true }),
  verification('transparent verification from proof text, first time, in order', firstAtMost),
  atRandom,
  verification('classic verification, first time', classicFirst),
  verification('classic verification, steady state: seen before', classicAgain),
  issuance,
  statusCheck,
  flatness,
];
