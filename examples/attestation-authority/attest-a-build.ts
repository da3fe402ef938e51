// Attests a build and checks it twice: offline by our own verifier, from a file and a public key, and as a Sigstore bundle by the
// verifier of the Sigstore project.
//   npx ts-node examples/attestation-authority/attest-a-build.ts

import { createHash } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  exportSigstoreBundle,
  parseAttestation,
  printAttestation,
  publicKeyOf,
  type SigstoreBundle,
  StatusSnapshot,
  slsaProvenanceType,
} from '@tenstrip/attestation-authority';

async function main(): Promise<void> {
  const artefact = Buffer.from('pretend that this is app-1.0.0.tgz');
  const sha256 = createHash('sha256').update(artefact).digest('hex');
  const authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'builds.example/log' });
  const attestation = await authority.issue({
    subject: [{ name: 'pkg:npm/app@1.0.0', digest: { sha256 } }],
    predicateType: slsaProvenanceType,
    predicate: {
      buildDefinition: {
        buildType: 'https://builds.example/npm-pack/v1',
        externalParameters: { ref: 'refs/tags/v1.0.0' },
      },
      runDetails: { builder: { id: 'https://builds.example/runner/7' } },
    },
    validity: { notAfter: new Date(Date.now() + 365 * 86_400_000) },
    mode: 'both',
  });
  const file = printAttestation(attestation);
  console.log(
    `attested pkg:npm/app@1.0.0 in ${file.length} bytes, entry ${authority.size - 1n} of ${authority.origin}`,
  );

  // The relying party: the file, the artefact's digest, the authority's key, and a fresh status list.
  const verifier = new AttestationVerifier({ roots: [authority.trustRoot({ subjects: ['pkg:npm/*'] })] });
  const [statusList] = await authority.publishStatus();
  const list = verifier.readStatusList(statusList!, Date.now());
  if (!list.ok) throw new Error(list.detail);
  const status = StatusSnapshot.empty.with(list.list) as StatusSnapshot;
  const verdict = verifier.verify(parseAttestation(file) as Attestation, {
    time: Date.now(),
    status,
    expect: { predicateType: slsaProvenanceType, subject: { name: 'pkg:npm/app@1.0.0', digest: { sha256 } } },
  });
  console.log(verdict.ok ? `verified by ${verdict.by}, under the root ${verdict.root}` : `refused: ${verdict.code}`);

  const tampered = file.replace(attestation.envelope.payload.slice(200, 204), 'AAAA');
  const refused = verifier.verify(parseAttestation(tampered) as Attestation, { time: Date.now(), status });
  console.log(refused.ok ? 'a tampered file was accepted' : `a tampered file: ${refused.code}`);

  const bundle = exportSigstoreBundle(attestation);
  verifyBySigstore(bundle, authority.vkey);
  console.log(`@sigstore/verify accepts it as ${bundle.mediaType}`);
  await authority.close();
}

/** Throws when Sigstore's own verifier refuses the bundle. It is given the key, and asked for no log of Sigstore's. */
function verifyBySigstore(bundle: SigstoreBundle, vkey: string): void {
  const rawBytes = publicKeyOf(vkey).export({ format: 'pem', type: 'spki' });
  const keys = { [bundle.verificationMaterial.publicKey.hint]: { rawBytes } };
  const noAuthorities = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const trust = toTrustMaterial(noAuthorities as never, keys as never);
  const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  verifier.verify(toSignedEntity(bundleFromJSON(bundle)));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
