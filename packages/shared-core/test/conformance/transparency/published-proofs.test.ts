// Every inclusion and consistency proof that transparency-dev/merkle publishes, good and bad: a clone of
// https://github.com/transparency-dev/merkle as the folder `merkle` of TENSTRIP_CORPUS_DIR.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../../tools/test-requirements.mjs';
import { sha256 } from '../../../src/crypto/index.js';
import { verifyConsistency, verifyInclusion } from '../../../src/transparency/index.js';

const corpus = requireCorpus('merkle', 'git clone https://github.com/transparency-dev/merkle');

interface PublishedProof {
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
  readonly root: string;
  readonly leafHash: string;
  readonly root1: string;
  readonly root2: string;
  /** The integer called `name`, whole: some are beyond 2^53. */
  integer(name: string): bigint;
}

function published(kind: string): [file: string, PublishedProof][] {
  const folder = join(corpus.folder, 'testdata', kind);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const integer = (name: string): bigint => BigInt(new RegExp(`"${name}":\\s*(\\d+)`).exec(text)![1]!);
      return [file, { ...(JSON.parse(text) as PublishedProof), integer }];
    });
}

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const hashes = (proof: readonly string[] | null): Uint8Array[] => (proof ?? []).map(bytes);

describe.skipIf(!corpus.available)('proofs published by transparency-dev/merkle', () => {
  it('of inclusion are accepted and refused as they say', () => {
    const proofs = published('inclusion');
    expect(proofs.length).toBeGreaterThanOrEqual(90);
    for (const [file, { proof, wantErr, root, leafHash, integer }] of proofs) {
      const [index, size] = [integer('leafIdx'), integer('treeSize')];
      const holds = verifyInclusion(index, size, bytes(leafHash), hashes(proof), bytes(root), sha256);
      expect({ file, holds }).toEqual({ file, holds: !wantErr });
    }
  });

  it('of consistency are accepted and refused as they say', () => {
    const proofs = published('consistency');
    expect(proofs.length).toBeGreaterThanOrEqual(90);
    for (const [file, { proof, wantErr, root1, root2, integer }] of proofs) {
      const from = { size: integer('size1'), root: bytes(root1) };
      const to = { size: integer('size2'), root: bytes(root2) };
      // Some cases have words for roots; here a root has 32 bytes.
      const expected = !wantErr && from.root.length === 32;
      expect({ file, holds: verifyConsistency(from, to, hashes(proof), sha256) }).toEqual({ file, holds: expected });
    }
  });
});
