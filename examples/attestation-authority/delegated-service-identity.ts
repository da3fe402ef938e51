// An organisation delegates the naming of its payment services to a team, the team gives a service its identity, and takes it back.
//   npx ts-node examples/attestation-authority/delegated-service-identity.ts

import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  delegationType,
  StatusSnapshot,
  serviceIdentityType,
  statusListType,
} from '@tenstrip/attestation-authority';

const day = 86_400_000;

async function main(): Promise<void> {
  const organisation = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example/root' });
  const team = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example/payments' });

  // The team may name services below spiffe://example/payments/, and publish their status.
  const delegation = await organisation.issue({
    subject: [{ name: 'spiffe://example/payments', digest: { sha256: sha256(team.vkey) } }],
    predicateType: delegationType,
    predicate: {
      keys: [team.vkey],
      subjects: ['spiffe://example/payments/*', 'https://ca.example/payments/status/*'],
      predicateTypes: [serviceIdentityType, statusListType],
      notAfter: new Date(Date.now() + 30 * day).toISOString(),
      maxDepth: 0,
    },
    validity: { notAfter: new Date(Date.now() + 30 * day) },
  });

  const { publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const nameService = (name: string) =>
    team.issue({
      subject: [{ name, digest: { sha256: sha256(spki) } }],
      predicateType: serviceIdentityType,
      predicate: { publicKey: spki.toString('base64'), endpoints: ['payments.example:443'] },
      validity: { notAfter: new Date(Date.now() + day) },
    });
  const identity = await nameService('spiffe://example/payments/ledger');

  // A relying party knows the organisation alone.
  const verifier = new AttestationVerifier({ roots: [organisation.trustRoot({ name: 'example' })] });
  let status = StatusSnapshot.empty;
  const learn = (statusList: Attestation) => {
    const read = verifier.readStatusList(statusList, Date.now(), status);
    if (!read.ok) throw new Error(`${read.code}: ${read.detail}`);
    const next = status.with(read.list);
    if (next instanceof StatusSnapshot) status = next;
  };
  const delegated = (attestation: Attestation): Attestation => ({ ...attestation, chain: [delegation] });
  const show = (what: string, attestation: Attestation) => {
    const verdict = verifier.verify(attestation, { time: Date.now(), status });
    console.log(`${what}: ${verdict.ok ? `believed, delegated by ${verdict.delegatedBy.join(', ')}` : verdict.code}`);
  };

  for (const list of await organisation.publishStatus()) learn(list);
  for (const list of await team.publishStatus()) learn(delegated(list));
  show('the ledger service', delegated(identity));
  show('without the delegation', identity);
  show('a service of another team', delegated(await nameService('spiffe://example/shipping/box')));

  learn(delegated((await team.revoke(identity, 'cessation')).statusList));
  show('after its revocation', delegated(identity));
  learn((await organisation.revoke(delegation, 'privilege-withdrawn')).statusList);
  show('after the delegation was revoked', delegated(await nameService('spiffe://example/payments/cards')));
  await team.close();
  await organisation.close();
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
