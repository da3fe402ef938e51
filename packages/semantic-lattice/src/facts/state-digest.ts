// A digest of all facts that hold, and which of them were asserted: SHA-256 over relations by name, terms by text and rows in
// order, so that it depends on nothing but the facts. Costs a sort: about a second for a million rows.
import { sha256 } from '@tenstrip/shared-core/crypto';
import { ASSERTED, LIVE, type Relation } from '../relations/index.js';
import type { Schema } from './schema.js';

/** The digest, in hexadecimal. */
export function stateDigest(schema: Schema): string {
  const relations = [...schema.relations].sort((a, b) => (a.name < b.name ? -1 : 1));
  const ranks = rankTerms(schema, relations);
  const parts = [ranks.digest, ...relations.map((relation) => relationDigest(schema, relation, ranks.rankOf))];
  return Buffer.from(sha256(Buffer.from(parts.join('\n')))).toString('hex');
}

function hex(data: Uint8Array): string {
  return Buffer.from(sha256(data)).toString('hex');
}

/** Terms in use, ranked by their texts. */
function rankTerms(schema: Schema, relations: readonly Relation[]): { rankOf: Int32Array; digest: string } {
  const used = new Uint8Array(schema.terms.size);
  for (const relation of relations) {
    for (const [column, kind] of relation.kinds.entries()) {
      if (kind !== 'term') continue;
      const numbers = relation.columns[column]!;
      for (let row = 0; row < relation.rows; row++) if ((relation.state[row]! & LIVE) !== 0) used[numbers[row]!] = 1;
    }
  }
  const terms: { text: string; number: number }[] = [];
  for (const [number, flag] of used.entries()) if (flag === 1) terms.push({ text: schema.terms.term(number), number });
  terms.sort((a, b) => (a.text < b.text ? -1 : 1));
  const rankOf = new Int32Array(used.length);
  for (const [rank, { number }] of terms.entries()) rankOf[number] = rank;
  return { rankOf, digest: hex(Buffer.from(terms.map(({ text }) => JSON.stringify(text)).join('\n'))) };
}

function relationDigest(schema: Schema, relation: Relation, rankOf: Int32Array): string {
  const { arity } = relation;
  const width = arity + 1;
  const texts = relation.kinds.includes('value') ? valueRanks(schema, relation) : undefined;
  const rows = new Int32Array(relation.live * width);
  let at = 0;
  for (let row = 0; row < relation.rows; row++) {
    if ((relation.state[row]! & LIVE) === 0) continue;
    for (let column = 0; column < arity; column++) {
      const number = relation.columns[column]![row]!;
      const kind = relation.kinds[column]!;
      rows[at++] = kind === 'term' ? rankOf[number]! : kind === 'integer' ? number : texts!.rankOf.get(number)!;
    }
    rows[at++] = (relation.state[row]! & ASSERTED) === 0 ? 0 : 1;
  }
  const sorted = sortRows(rows, width);
  const head = JSON.stringify([relation.name, relation.kinds, texts?.digest ?? '']);
  return `${head} ${hex(new Uint8Array(sorted.buffer, sorted.byteOffset, sorted.byteLength))}`;
}

function valueRanks(schema: Schema, relation: Relation): { rankOf: ReadonlyMap<number, number>; digest: string } {
  const values = schema.valuesOf(relation);
  const numbers = new Set<number>();
  const column = relation.columns[relation.arity - 1]!;
  for (let row = 0; row < relation.rows; row++) if ((relation.state[row]! & LIVE) !== 0) numbers.add(column[row]!);
  const texts = Array.from(numbers, (number) => ({ number, text: values.text(number) }));
  texts.sort((a, b) => (a.text < b.text ? -1 : 1));
  return {
    rankOf: new Map(texts.map(({ number }, rank) => [number, rank])),
    digest: hex(Buffer.from(JSON.stringify(texts.map(({ text }) => text)))),
  };
}

/** Below this many rows, comparing is cheaper than counting. */
const FEW_ROWS = 4096;

function sortFewRows(rows: Int32Array, width: number): Int32Array {
  const each = Array.from({ length: rows.length / width }, (_, row) => rows.subarray(row * width, (row + 1) * width));
  each.sort((a, b) => {
    let column = 0;
    while (column < width && a[column] === b[column]) column++;
    return column === width ? 0 : a[column]! - b[column]!;
  });
  const sorted = new Int32Array(rows.length);
  for (const [to, row] of each.entries()) sorted.set(row, to * width);
  return sorted;
}

/** Rows in lexicographic order: by counting, one column after the other from the last, 16 bits at a time. */
function sortRows(rows: Int32Array, width: number): Int32Array {
  const count = rows.length / width;
  if (count < FEW_ROWS) return sortFewRows(rows, width);
  let order = Int32Array.from({ length: count }, (_, row) => row);
  let spare = new Int32Array(count);
  for (let column = width - 1; column >= 0; column--) {
    for (const shift of [0, 16]) {
      const starts = new Int32Array(65_537);
      // The sign bit is turned, so that negative numbers come first.
      const digit = (row: number) => ((rows[row * width + column]! ^ 0x80000000) >>> shift) & 0xffff;
      for (let row = 0; row < count; row++) starts[digit(row) + 1]!++;
      if (starts.subarray(1).includes(count)) continue;
      for (let value = 0; value < 65_536; value++) starts[value + 1]! += starts[value]!;
      for (const row of order) spare[starts[digit(row)]!++] = row;
      [order, spare] = [spare, order];
    }
  }
  const sorted = new Int32Array(rows.length);
  for (const [to, from] of order.entries()) {
    for (let column = 0; column < width; column++) sorted[to * width + column] = rows[from * width + column]!;
  }
  return sorted;
}
