// Issues, and now and then revokes, until it is killed. Says on standard output what was acknowledged, one JSON a line.
// Arguments: folder, seed of the signing key in hex, a number that tells runs apart.

import { AttestationAuthority } from '@tenstrip/attestation-authority';
import { createSigner } from '@tenstrip/shared-core/crypto';

const [folder, seed, run] = process.argv.slice(2);
const signer = createSigner(Buffer.from(seed, 'hex'));
const authority = await AttestationAuthority.open({ folder, origin: 'kill.example', signer, durability: 'os' });
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

for (let at = 0; ; at++) {
  const requests = Array.from({ length: 1 + (at % 7) }, (_, place) => ({
    subject: [{ name: `run${run}/${at}/${place}`, digest: { sha256: '00'.repeat(32) } }],
    predicateType: 'https://example.com/p',
    predicate: {},
    validity: { notAfter: new Date(Date.now() + 86_400_000) },
  }));
  const attestations = await authority.issueBatch(requests);
  say({ attestations });
  if (at % 3 === 2) {
    await authority.revoke(attestations[0]);
    say({ revoked: attestations[0] });
  }
}
