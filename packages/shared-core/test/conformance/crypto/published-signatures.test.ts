// Ed25519 signatures that others publish: clones of https://github.com/C2SP/wycheproof and https://github.com/C2SP/CCTV as
// the folders `wycheproof` and `CCTV` of TENSTRIP_CORPUS_DIR. By OpenSSL and libsodium all of them, by TweetNaCl (a
// hundred times slower) every tenth.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../../tools/test-requirements.mjs';
import { createVerifier } from '../../../src/crypto/index.js';
import { backends } from '../../unit/crypto/installed.js';

const wycheproof = requireCorpus('wycheproof', 'git clone https://github.com/C2SP/wycheproof');
const cctv = requireCorpus('CCTV', 'git clone https://github.com/C2SP/CCTV');
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  }[];
}

type Cctv = readonly {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
}[];

describe.each(backends)('Ed25519 by %s', (backend) => {
  const { verify } = createVerifier({ backend });
  const isChosen = (number: number): boolean => backend !== 'tweetnacl' || number % 10 === 0;

  it.skipIf(!wycheproof.available)('gives the verdicts of Wycheproof', () => {
    const file = join(wycheproof.folder, 'testvectors_v1', 'ed25519_test.json');
    const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof;
    const cases = testGroups.flatMap(({ publicKey, tests }) => tests.map((test) => ({ ...test, key: publicKey.pk })));
    expect(cases.length).toBeGreaterThanOrEqual(150);
    for (const { tcId, key, msg, sig, result } of cases.filter(({ tcId }) => isChosen(tcId))) {
      const verdict = verify(bytes(key), bytes(msg), bytes(sig));
      expect({ tcId, verdict }).toEqual({ tcId, verdict: result === 'valid' });
    }
  });

  it.skipIf(!cctv.available)(
    'accepts of the CCTV edge cases those whose only trait is a torsion part that cancels',
    () => {
      const file = join(cctv.folder, 'ed25519', 'ed25519vectors.json');
      const cases = JSON.parse(readFileSync(file, 'utf8')) as Cctv;
      expect(cases.length).toBe(914);
      const harmless = ['low_order_component_A', 'low_order_component_R'];
      for (const { number, key, sig, msg, flags } of cases.filter((each) => isChosen(each.number))) {
        const verdict = verify(bytes(key), new TextEncoder().encode(msg), bytes(sig));
        const expected = (flags ?? []).every((flag) => harmless.includes(flag));
        expect({ number, flags, verdict }).toEqual({ number, flags, verdict: expected });
      }
    },
  );
});
