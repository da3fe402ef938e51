// Exported bundles, judged by the verifier of the Sigstore project itself.
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  exportSigstoreBundle,
  type IssuanceMode,
  publicKeyOf,
  type SigstoreBundle,
} from '../../src/index.js';

let governor: ResourceGovernor;
let authority: AttestationAuthority;
beforeAll(async () => {
  governor = new ResourceGovernor(testing('bundle'));
  authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example/log', governor });
});
afterAll(async () => {
  await authority.close();
  await governor.close();
});

const issue = (mode: IssuanceMode): Promise<Attestation> =>
  authority.issue({
    subject: [{ name: 'app.tgz', digest: { sha256: 'ab'.repeat(32) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: { buildType: 'https://ci.example/build/v1', externalParameters: {} },
      runDetails: { builder: { id: 'https://ci.example/runner' } },
    },
    validity: { notAfter: new Date(governor.clock.now() + 1000) },
    mode,
  });

/** What `@sigstore/verify` says to a bundle, given our key under its hint and no log. */
function verifyAsSigstore(bundle: SigstoreBundle, vkey: string): void {
  const rawBytes = publicKeyOf(vkey).export({ format: 'pem', type: 'spki' });
  const [name, id] = vkey.split('+');
  const keys = { [`${name}+${id}`]: { rawBytes, keyDetails: 'PKIX_ED25519' } };
  const noAuthorities = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const trust = toTrustMaterial(noAuthorities as never, keys as never);
  const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(JSON.stringify(bundle)))));
}

describe('an exported bundle', () => {
  it.each(['signature', 'both'] as const)('is accepted by @sigstore/verify in %s mode', async (mode) => {
    const bundle = exportSigstoreBundle(await issue(mode));
    expect(() => verifyAsSigstore(bundle, authority.vkey)).not.toThrow();
  });

  it('is refused there after a change, and under another key', async () => {
    const bundle = exportSigstoreBundle(await issue('signature'));
    const { dsseEnvelope } = bundle;
    const payload = Buffer.from(dsseEnvelope.payload, 'base64').toString().replace('app.tgz', 'app.tgy');
    const changed = { ...bundle, dsseEnvelope: { ...dsseEnvelope, payload: Buffer.from(payload).toString('base64') } };
    expect(() => verifyAsSigstore(changed, authority.vkey)).toThrow(/signature/);
    await using other = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example/log', governor });
    expect(() => verifyAsSigstore(bundle, other.vkey)).toThrow();
  });

  it('needs a signature', async () => {
    const transparent = await issue('transparent');
    expect(() => exportSigstoreBundle(transparent)).toThrow(/has 0 signatures/);
    expect(() => publicKeyOf('x')).toThrow(/no vkey/);
  });
});
