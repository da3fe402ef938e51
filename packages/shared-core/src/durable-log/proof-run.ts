// The inclusion proofs of neighbouring entries under one checkpoint, cut together. Their paths share all nodes but the lowest, so
// the texts share them too: about two nodes are printed an entry, where each alone has log2(size). Nothing is hashed but the tree's
// right edge: the log has hashed its entries when it took them, and its nodes are read from its tiles.
// Source: RFC 6962 section 2.1.1, printed as C2SP tlog-proof v1. Cost: some 0.4 us an entry; a text is a chain of shared parts.
import { encodeBase64, tlogProofHead } from '../transparency/index.js';
import { textDigits } from './tile.js';
import type { TiledTree } from './tiled-tree.js';

/** Neighbouring entries, and the checkpoint that they are to be proven under. */
export interface ProofRun {
  readonly from: number;
  /** The index after the last one. */
  readonly to: number;
  /** Of the checkpoint's tree. */
  readonly size: number;
  /** Signed, verbatim. */
  readonly checkpoint: string;
}

/** The tlog-proof texts of a run, in order; not verified. */
export async function cutProofs(tree: TiledTree, { from, to, size, checkpoint }: ProofRun): Promise<string[]> {
  const siblings: Siblings[] = [];
  for (let level = 0; 2 ** level < size; level++) siblings.push(await siblingsOf(tree, level, from, to, size));
  // From the top down: what stands in a proof above each node of a level.
  let above: string[] = [`\n${checkpoint}`];
  let parentsBegin = 0;
  for (let level = siblings.length - 1; level >= 0; level--) {
    const { begin, texts } = siblings[level]!;
    for (let at = 0; at < texts.length; at++) {
      const parent = above[Math.floor((begin + at) / 2) - parentsBegin]!;
      texts[at] = texts[at] === '' ? parent : `${texts[at]}=\n${parent}`;
    }
    above = texts;
    parentsBegin = begin;
  }
  const head = tlogProofHead;
  for (let at = 0; at < above.length; at++) {
    const line = `${from + at}\n`; // apart: one text of a few characters, where the chain would have two links for it
    above[at] = `${head}${line}${above[at]}`;
  }
  return above;
}

/**
 * For the nodes of one level that are above a run, from node `begin` on: the digits of each one's sibling in base64 (without the `=` at
 * the end), empty when it has none.
 */
interface Siblings {
  readonly begin: number;
  readonly texts: string[];
}

async function siblingsOf(tree: TiledTree, level: number, from: number, to: number, size: number): Promise<Siblings> {
  const width = 2 ** level;
  const begin = Math.floor(from / width);
  const last = Math.floor((to - 1) / width);
  const first = begin - (begin % 2);
  const complete = Math.floor(size / width);
  const row = await tree.rowTexts(level, first, Math.min(last + 2 - (last % 2), complete));
  const isRagged = size % width !== 0 && first + row.length === complete && complete <= last + 1;
  if (isRagged) row.push(encodeBase64(await tree.edgeNode(level, size)).slice(0, textDigits));
  const texts: string[] = [];
  for (let node = begin; node <= last; node++) texts.push(row[(node % 2 === 0 ? node + 1 : node - 1) - first] ?? '');
  return { begin, texts };
}
