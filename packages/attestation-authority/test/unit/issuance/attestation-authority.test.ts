import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LogWriter, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { createSigner, type Signer, sha256 } from '@tenstrip/shared-core/crypto';
import { printVerifierKey, SignatureType, verifierKey } from '@tenstrip/shared-core/transparency';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  type AttestationRequest,
  AttestationVerifier,
  type Circumstances,
  followKeyRotation,
  parseAttestation,
  printAttestation,
  rotateRoot,
  StatusSnapshot,
  statusListType,
  type TrustRoot,
} from '../../../src/index.js';

const day = 86_400_000;
let governor: ResourceGovernor;
let authority: AttestationAuthority;
beforeEach(async () => {
  governor = new ResourceGovernor(testing('authority'));
  authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example/log', governor });
});
afterEach(async () => {
  await authority.close();
  await governor.close();
});

function request(name = 'pkg:npm/left-pad@1.3.0', extra: Partial<AttestationRequest> = {}): AttestationRequest {
  return {
    subject: [{ name, digest: { sha256: 'ab'.repeat(32) } }],
    predicateType: 'https://tenstrip.dev/predicates/data-set/v1',
    predicate: { title: name },
    validity: { notAfter: new Date(now() + day) },
    ...extra,
  };
}

const vkeyOf = ({ publicKey }: Signer) =>
  printVerifierKey(verifierKey('ca.example/log', SignatureType.ed25519, publicKey, sha256));
const now = () => governor.clock.now();
const verifierOf = (root: TrustRoot = authority.trustRoot()) => new AttestationVerifier({ roots: [root] });

async function freshStatus(verifier = verifierOf()): Promise<StatusSnapshot> {
  let snapshot = StatusSnapshot.empty;
  for (const list of await authority.publishStatus()) snapshot = withList(snapshot, verifier, list);
  return snapshot;
}

function withList(snapshot: StatusSnapshot, verifier: AttestationVerifier, list: Attestation): StatusSnapshot {
  const read = verifier.readStatusList(list, now());
  if (!read.ok) throw new Error(`${read.code} ${read.detail}`);
  const next = snapshot.with(read.list);
  if (!(next instanceof StatusSnapshot)) throw new Error(next.code);
  return next;
}

async function circumstances(): Promise<Circumstances> {
  return { time: now(), status: await freshStatus() };
}

describe('issuing and verifying', () => {
  it.each(['transparent', 'signature', 'both'] as const)(
    'holds in %s mode, and says who vouched and how',
    async (mode) => {
      const attestation = await authority.issue(request('a', { mode }));
      expect(attestation.envelope.signatures.length).toBe(mode === 'transparent' ? 0 : 1);
      expect(attestation.proof === undefined).toBe(mode === 'signature');
      const read = parseAttestation(printAttestation(attestation));
      expect(verifierOf().verify(read as Attestation, await circumstances())).toMatchObject({
        ok: true,
        root: 'ca.example/log',
        by: mode === 'transparent' ? 'proof' : mode,
        statement: { subject: [{ name: 'a' }] },
        ...(mode === 'signature' ? {} : { logIndex: 0n, checkpointSize: 1n }),
        status: { list: 'https://ca.example/log/status/0', ageMs: 0 },
      });
    },
  );

  it('logs every attestation, of whatever mode', async () => {
    await authority.issueBatch((['transparent', 'signature', 'both'] as const).map((mode) => request('a', { mode })));
    expect(authority.size).toBe(3n);
    expect(await authority.audit()).toEqual([]);
  });

  it('proves each entry of many batches as the log itself proves it', async () => {
    for (const count of [1, 2, 3, 5, 8, 13, 250, 300]) {
      const attestations = await authority.issueBatch(Array.from({ length: count }, (_, at) => request(`s${at}`)));
      for (const attestation of attestations) {
        const index = BigInt(/\nindex (\d+)\n/.exec(attestation.proof!)![1]!);
        expect(attestation.proof).toBe(await authority.proveInclusion(index));
      }
    }
  });

  it('issues nothing when a request of a batch is wrong', async () => {
    const wrong = request('a', { validity: { notAfter: new Date(now() - 1) } });
    await expect(authority.issueBatch([request(), wrong])).rejects.toMatchObject({ code: 'RequestInvalid' });
    await expect(authority.issue({ ...request(), predicate: { title: 1 } })).rejects.toMatchObject({
      code: 'RequestInvalid',
    });
    expect(authority.size).toBe(0n);
  });

  it('issues nothing that verifiers would refuse to read', async () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    const deep = (levels: number): unknown => (levels === 0 ? {} : { inside: deep(levels - 1) });
    const wrong: readonly unknown[] = [
      { n: 1n },
      cyclic,
      deep(63),
      JSON.parse('{"a":{"__proto__":1}}'),
      { long: 'x'.repeat(2 ** 20) },
    ];
    for (const predicate of wrong) {
      const asked = request('a', { predicateType: 'https://t/1', predicate });
      await expect(authority.issueBatch([request(), asked])).rejects.toMatchObject({ code: 'RequestInvalid' });
    }
    expect(authority.size).toBe(0n);
    const deepest = await authority.issue(request('a', { predicateType: 'https://t/1', predicate: deep(62) }));
    expect(verifierOf().verify(deepest, await circumstances())).toMatchObject({ ok: true });
  });

  it('refuses by name what is expired, not yet valid, or not what was expected', async () => {
    const verifier = verifierOf();
    const { status } = await circumstances();
    const later = new Date(now() + day / 2);
    const attestation = await authority.issue(
      request('a', { validity: { notBefore: later, notAfter: new Date(now() + day) } }),
    );
    const at = (time: number, expect_ = {}) =>
      verifierOf().verify(attestation, { time, status: status!, expect: expect_ });
    expect(at(now())).toMatchObject({ code: 'NOT_YET_VALID' });
    expect(at(now() + day)).toMatchObject({ code: 'EXPIRED' });
    expect(at(Number.NaN)).toMatchObject({ ok: false });
    expect(at(later.getTime())).toMatchObject({ code: 'STATUS_STALE' });
    const plain = await authority.issue(request('a'));
    const expecting = (expect_: Circumstances['expect']) =>
      verifier.verify(plain, { time: now(), status: status!, expect: expect_! });
    expect(expecting({ subject: { name: 'a', digest: { sha256: 'ab'.repeat(32) } } })).toMatchObject({ ok: true });
    expect(expecting({ subject: { name: 'b' } })).toMatchObject({ code: 'SUBJECT_MISMATCH' });
    expect(expecting({ subject: { digest: { sha256: 'cd'.repeat(32) } } })).toMatchObject({ code: 'SUBJECT_MISMATCH' });
    expect(expecting({ subject: { digest: { constructor: 'x' } } })).toMatchObject({ code: 'SUBJECT_MISMATCH' });
    expect(expecting({ predicateType: 'x' })).toMatchObject({ code: 'PREDICATE_TYPE_MISMATCH' });
    expect(expecting({ root: 'x' })).toMatchObject({ code: 'UNKNOWN_KEY' });
  });

  it('believes nobody but its roots', async () => {
    await using other = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example/log', governor });
    for (const mode of ['transparent', 'signature'] as const) {
      const attestation = await other.issue(request('a', { mode }));
      expect(verifierOf().verify(attestation, await circumstances())).toMatchObject({ code: 'UNKNOWN_KEY' });
    }
  });

  it('keeps a root inside its scope', async () => {
    const attestation = await authority.issue(request('pkg:npm/a'));
    const status = await freshStatus();
    const verdict = (root: TrustRoot) => verifierOf(root).verify(attestation, { time: now(), status });
    expect(verdict(authority.trustRoot({ subjects: ['pkg:npm/*'] }))).toMatchObject({ ok: true });
    expect(verdict(authority.trustRoot({ subjects: ['pkg:pypi/*'] }))).toMatchObject({ code: 'SCOPE_EXCEEDED' });
    expect(verdict(authority.trustRoot({ predicateTypes: ['https://slsa.dev/provenance/v1'] }))).toMatchObject({
      code: 'SCOPE_EXCEEDED',
    });
    expect(verdict(authority.trustRoot({ notAfter: new Date(now()) }))).toMatchObject({ code: 'ROOT_EXPIRED' });
  });
});

describe('status', () => {
  it('fails closed without a list, with an old one, and for what is in none', async () => {
    const attestation = await authority.issue(request());
    const { status, time } = await circumstances();
    expect(verifierOf().verify(attestation, { time })).toMatchObject({ code: 'STATUS_UNKNOWN' });
    expect(verifierOf().verify(attestation, { time: time + 60_000, status: status! })).toMatchObject({ ok: true });
    expect(verifierOf().verify(attestation, { time: time + 60_001, status: status! })).toMatchObject({
      code: 'STATUS_STALE',
    });
    const fixed = await authority.issue(request('a', { revocable: false }));
    expect(verifierOf().verify(fixed, { time, status: status! })).toMatchObject({ code: 'STATUS_MISSING' });
    const trusting = new AttestationVerifier({
      roots: [authority.trustRoot()],
      status: { stale: 'accept', missing: 'accept' },
    });
    expect(trusting.verify(attestation, { time })).toMatchObject({ ok: true });
    expect(trusting.verify(fixed, { time })).toMatchObject({ ok: true });
  });

  it('shows a revocation in the version that the receipt carries, and in all after it', async () => {
    const [first, second] = await authority.issueBatch([request('a'), request('b')]);
    const before = await freshStatus();
    const { index, statusList } = await authority.revoke(first!, 'key-compromise');
    expect(index).toBe(3n);
    const verifier = verifierOf();
    const after = withList(before, verifier, statusList);
    for (const status of [after, await freshStatus()]) {
      expect(verifier.verify(first!, { time: now(), status })).toMatchObject({ code: 'REVOKED' });
      expect(verifier.verify(second!, { time: now(), status })).toMatchObject({ ok: true });
    }
    expect((await authority.revoke(first!)).index).toBeUndefined();
    await expect(authority.renew(first!, new Date(now() + 2 * day))).rejects.toMatchObject({ code: 'RequestInvalid' });
  });

  it('loses no revocation of many at once', async () => {
    const attestations = await authority.issueBatch(Array.from({ length: 20 }, (_, at) => request(`s${at}`)));
    await Promise.all(attestations.map((attestation) => authority.revoke(attestation)));
    const given = await circumstances();
    for (const attestation of attestations) {
      expect(verifierOf().verify(attestation, given)).toMatchObject({ code: 'REVOKED' });
    }
  });

  it('refuses an older version after a newer one, and a list that another root signed', async () => {
    const verifier = verifierOf();
    const [old] = await authority.publishStatus();
    const newer = await freshStatus();
    const read = verifier.readStatusList(old!, now());
    expect(read.ok && newer.with(read.list)).toMatchObject({ code: 'STATUS_ROLLBACK' });
    const attestation = await authority.issue(request());
    expect(verifier.readStatusList(attestation, now())).toMatchObject({ code: 'PREDICATE_TYPE_MISMATCH' });
    expect(verifier.readStatusList(old!, now() - 60_001)).toMatchObject({ code: 'NOT_YET_VALID' });
  });

  it('revokes and renews nothing that it did not issue', async () => {
    await using other = await AttestationAuthority.open({ folder: 'memory:', origin: 'other.example', governor });
    const attestation = await other.issue(request());
    await expect(authority.revoke(attestation)).rejects.toMatchObject({ code: 'NotIssuedHere' });
    await expect(authority.renew(attestation, new Date(now() + day))).rejects.toMatchObject({ code: 'NotIssuedHere' });
  });
});

it('lets a root speak of its own status whatever its scope', async () => {
  const narrow = verifierOf(
    authority.trustRoot({ subjects: ['pkg:npm/*'], predicateTypes: ['https://tenstrip.dev/*'] }),
  );
  const attestation = await authority.issue(request());
  expect(narrow.verify(attestation, { time: now(), status: await freshStatus(narrow) })).toMatchObject({ ok: true });
});

it('asks for the witnesses that a root names', async () => {
  const key = verifierKey('witness.example', SignatureType.cosignature, new Uint8Array(32).fill(3), sha256);
  const witnesses = { witnesses: [{ name: 'w', key }], groups: [], quorum: 'w' };
  const verdict = verifierOf(authority.trustRoot({ witnesses })).verify(await authority.issue(request()), {
    time: now(),
  });
  expect(verdict).toMatchObject({ code: 'QUORUM_MISSING', path: 'attestation.proof' });
});

describe('renewing', () => {
  it('keeps subject, predicate and mode, and names what it renews', async () => {
    for (const mode of ['transparent', 'signature', 'both'] as const) {
      const first = await authority.issue(request('a', { mode }));
      const renewed = await authority.renew(first, new Date(now() + 5 * day));
      const verdict = verifierOf().verify(renewed, await circumstances());
      if (!verdict.ok) throw new Error(verdict.detail);
      expect(verdict.statement).toMatchObject({ subject: request('a').subject, predicate: { title: 'a' } });
      expect(verdict.statement.tenstrip_terms?.notAfter).toBe(new Date(now() + 5 * day).toISOString());
      expect(verdict.statement.tenstrip_terms?.renews).toMatch(/^sha256:/);
      expect(renewed.proof === undefined).toBe(first.proof === undefined);
    }
  });
});

describe('rotating the key', () => {
  const next = () => createSigner(new Uint8Array(32).fill(9));

  it('keeps what was logged before, and refuses what the old key signs afterwards', async () => {
    const [before, signed] = await authority.issueBatch([request('a'), request('b', { mode: 'both' })]);
    const classic = await authority.issue(request('c', { mode: 'signature' }));
    const oldRoot = authority.trustRoot();
    const { attestation, root } = await authority.rotateKey(next());
    expect(authority.trustRoot()).toEqual(root);
    const after = await authority.issue(request('d', { mode: 'both' }));
    const verifier = verifierOf(root);
    const given = { time: now(), status: await freshStatus(verifier) };
    for (const good of [before!, signed!, after]) expect(verifier.verify(good, given)).toMatchObject({ ok: true });
    expect(verifier.verify(classic, given)).toMatchObject({ code: 'PROOF_MISSING' });
    expect(verifierOf(oldRoot).verify(after, given)).toMatchObject({ code: 'UNKNOWN_KEY' });
    expect(attestation.envelope.signatures.length).toBe(2);
    expect(await authority.audit()).toEqual([]);
    expect((await authority.revoke(classic)).index).toBeDefined();
  });

  it('signs what is issued meanwhile by the key that is good for its place', async () => {
    const first = authority.trustRoot();
    await authority.issue(request('before'));
    const rotating = authority.rotateKey(next());
    const meanwhile = await Promise.all(
      ['a', 'b'].map((name) => authority.issue(request(name, { mode: name === 'a' ? 'both' : 'signature' }))),
    );
    const { root, attestation } = await rotating;
    const followed = followKeyRotation({ roots: [first] }, attestation);
    expect(followed).toMatchObject({ ok: true, trust: { roots: [root] } });
    const given = { time: now(), status: await freshStatus(verifierOf(root)) };
    for (const one of meanwhile) expect(verifierOf(root).verify(one, given)).toMatchObject({ ok: true });
  });

  it('takes no key more than a root may have, and says so before it changes anything', async () => {
    const signer = (number: number) => createSigner(new Uint8Array(32).fill(number));
    for (let number = 1; number < 64; number++) await authority.rotateKey(signer(number));
    const size = authority.size;
    await expect(authority.rotateKey(signer(64))).rejects.toMatchObject({ code: 'RequestInvalid' });
    expect(authority.size).toBe(size);
    expect(() => verifierOf(authority.trustRoot())).not.toThrow();
    const full = authority.trustRoot();
    expect(() => rotateRoot(full, full.keys.at(-1)!.vkey, vkeyOf(signer(64)), size)).toThrow(/64 keys/);
  });

  it('lets proofs be made anew when the old key was stolen', async () => {
    const before = await authority.issue(request('a', { mode: 'both' }));
    const { root } = await authority.rotateKey(next());
    const reproven = await authority.reprove(before);
    const stolen = {
      ...root,
      keys: root.keys.map((key) => (key.untilSize === undefined ? key : { ...key, compromised: true })),
    };
    const given = { time: now(), status: await freshStatus(verifierOf(stolen)) };
    expect(verifierOf(stolen).verify(before, given)).toMatchObject({ code: 'KEY_RETIRED' });
    const again = await authority.reprove(reproven);
    expect(verifierOf(stolen).verify(again, given)).toMatchObject({ ok: true });
  });
});

it('gives the same bytes for the same seed', async () => {
  const issue = async () => {
    const own = new ResourceGovernor(testing('same'));
    await using one = await AttestationAuthority.open({ folder: 'memory:', origin: 'a.example', governor: own });
    const attestations = await one.issueBatch([request('a'), request('b', { mode: 'both' })]);
    const { statusList } = await one.revoke(attestations[0]!);
    const texts = [...attestations, statusList].map(printAttestation);
    await own.close();
    return [one.vkey, ...texts];
  };
  expect(await issue()).toEqual(await issue());
});

it('takes no places in status lists for batches that it refuses', async () => {
  const batch = Array.from({ length: 4096 }, () => request());
  batch.push(request('pkg:npm/left-pad@1.3.0', { validity: { notAfter: new Date(now() - day) } }));
  // A list is left for the next one when 98,304 of its places are taken: 25 batches would have taken more.
  for (let time = 0; time < 25; time++) await expect(authority.issueBatch(batch)).rejects.toThrow('expected a time');
  expect(authority.size).toBe(0n);
  await authority.issue(request());
  expect(await authority.publishStatus()).toHaveLength(1);
});

it('bounds what waits, and takes nothing after close', async () => {
  await using small = await AttestationAuthority.open({
    folder: 'memory:',
    origin: 'a.example',
    governor,
    maxWaiting: 2,
  });
  await expect(small.issueBatch([request(), request(), request()])).rejects.toMatchObject({ code: 'QueueFull' });
  await small.close();
  await expect(small.issue(request())).rejects.toMatchObject({ code: 'AuthorityClosed' });
});

it('signs all that it logged before it forgets its key, and then does nothing more', async () => {
  const requests = Array.from({ length: 50 }, (_, at) => request(`${at}`, { mode: 'both' }));
  const issuing = authority.issueBatch(requests);
  await authority.close();
  const verifier = verifierOf();
  for (const one of await issuing) {
    expect(verifier.verify(one, { time: now() })).toMatchObject({ code: 'STATUS_UNKNOWN' }); // believed as far as that
  }
  for (const late of [
    () => authority.issueBatch([]),
    () => authority.issue(request('a', { mode: 'both' })),
    () => authority.rotateKey(),
    () => authority.publishStatus(),
  ]) {
    await expect(late()).rejects.toMatchObject({ code: 'AuthorityClosed' });
  }
});

it('uses up no version of a status list that was not logged', async () => {
  await using small = await AttestationAuthority.open({
    folder: 'memory:',
    origin: 'a.example',
    governor,
    maxWaiting: 1,
  });
  const attestation = await small.issue(request());
  // A revocation is two entries, and one may wait.
  for (let at = 0; at < 3; at++) await expect(small.revoke(attestation)).rejects.toMatchObject({ code: 'QueueFull' });
  const [list] = await small.publishStatus();
  const read = verifierOf(small.trustRoot()).readStatusList(list!, now());
  expect(read).toMatchObject({ ok: true, list: { version: Number(small.size) } });
});

it('makes status lists and rotations itself, and issues none that a caller wrote', async () => {
  const attestation = await authority.issue(request());
  const { statusList } = await authority.revoke(attestation);
  const { predicate } = JSON.parse(Buffer.from(statusList.envelope.payload, 'base64').toString());
  const subject = [{ name: predicate.id, digest: { sha256: 'ab'.repeat(32) } }];
  const noneRevoked = `u${gzipSync(new Uint8Array(16_384)).toString('base64url')}`;
  const forged = { ...predicate, version: predicate.version + 100, encodedList: noneRevoked };
  await expect(
    authority.issue(request('a', { subject, predicateType: statusListType, predicate: forged })),
  ).rejects.toMatchObject({ code: 'RequestInvalid' });
  await expect(authority.renew(statusList, new Date(now() + day))).rejects.toMatchObject({ code: 'RequestInvalid' });
});

it('opens no log whose oldest entries are gone, for revocations may be among them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attestation-pruned-'));
  const signer = createSigner(new Uint8Array(32).fill(5));
  const options = { folder, origin: 'a.example', signer, durability: 'os' } as const;
  {
    await using first = await AttestationAuthority.open(options);
    await first.revoke(await first.issue(request('a', { validity: { notAfter: new Date(Date.now() + day) } })));
  }
  {
    await using log = await LogWriter.open({ ...options, folder: join(folder, 'log') });
    await log.prune(log.reader.size);
  }
  await expect(AttestationAuthority.open(options)).rejects.toMatchObject({ code: 'EntryInvalid' });
  await rm(folder, { recursive: true });
});

it('gives verdicts that share nothing that can be changed', async () => {
  const verifier = verifierOf();
  const [attestation, given] = [await authority.issue(request()), await circumstances()];
  const verdict = verifier.verify(attestation, given) as unknown as Record<'witnessed' | 'delegatedBy', string[]>;
  expect(() => verdict.witnessed.push('w')).toThrow(TypeError);
  expect(() => verdict.delegatedBy.push('d')).toThrow(TypeError);
});

it('refuses wrong options with all that is wrong', async () => {
  await expect(AttestationAuthority.open({ folder: '', origin: 'a b' })).rejects.toMatchObject({
    code: 'OptionsInvalid',
    details: { issues: [expect.stringContaining('folder'), expect.stringContaining('origin')] },
  });
  expect(() => new AttestationVerifier({ roots: [{ name: 'r', keys: [{ vkey: 'x' }] }] })).toThrow(/vkey/);
  const [key] = authority.trustRoot().keys;
  expect(() => verifierOf({ name: 'r', keys: [{ ...key!, untilSize: 1n }, key!] })).toThrow(/twice/);
  const groupsOf = (witnesses: unknown) => () => verifierOf(authority.trustRoot({ witnesses: witnesses as never }));
  expect(groupsOf({ witnesses: [], groups: [], quorum: 'none' })).not.toThrow();
  for (const wrong of [5, {}, { witnesses: [], groups: [] }, { witnesses: [], groups: [], quorum: 'w' }]) {
    expect(groupsOf(wrong)).toThrow(/quorum/);
  }
});
