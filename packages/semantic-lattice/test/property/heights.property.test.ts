import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OwnPremise, Relation } from '../../src/relations/index.js';

const meter = { grow: () => {}, tryGrow: () => true };
const kinds = ['term', 'term'] as const;

/** Rules by what their bodies have: no premise of their own relation, or one among others, of which more than two go into the pool. */
const rules: readonly OwnPremise[] = [
  { atom: -1, premises: 1 },
  { atom: 0, premises: 2 },
  { atom: 1, premises: 2 },
  { atom: 0, premises: 1 },
  { atom: 2, premises: 4 },
];

/** By row: its rule, and which of the rows before it is its premise. */
const derivations = fc.array(
  fc.record({ rule: fc.integer({ min: 0, max: rules.length - 1 }), before: fc.nat({ max: 1_000 }) }),
  { maxLength: 60 },
);

describe('heights that are counted later', () => {
  it('are counted before rows are dropped', () => {
    const relation = new Relation({ name: 'p', id: 0, kinds, withProofs: true, meter, maxRows: 1_000 });
    relation.countHeightsLater(rules);
    for (let row = 0; row < 10; row++) {
      relation.grow();
      relation.setDerivation(row, row === 0 ? 0 : 1, Int32Array.of(row - 1, 0), 2);
      relation.rows = row + 1;
    }
    relation.compact(Uint8Array.from({ length: 10 }, (_, row) => (row % 3 === 0 ? 1 : 0)));
    expect([0, 1, 2, 3].map((row) => relation.height(row))).toEqual([1, 4, 7, 10]);
  });

  it('are one more than those of the premises of the same relation', () => {
    fc.assert(
      fc.property(derivations, (given) => {
        const relation = new Relation({ name: 'p', id: 0, kinds, withProofs: true, meter, maxRows: 1_000 });
        relation.countHeightsLater(rules);
        const expected: number[] = [];
        for (const [row, { rule, before }] of given.entries()) {
          const { atom, premises } = row === 0 ? rules[0]! : rules[rule]!;
          const rows = Int32Array.from({ length: premises }, () => 7_777);
          if (atom >= 0) rows[atom] = before % row;
          relation.grow();
          relation.setDerivation(row, row === 0 ? 0 : rule, rows, premises);
          relation.rows = row + 1;
          expected.push(atom < 0 ? 1 : expected[before % row]! + 1);
        }
        expect(given.map((_, row) => relation.height(row))).toEqual(expected);
        // From then on they are kept with the rows.
        const made = relation.append(Int32Array.of(1, 2));
        relation.setProof(made, 1, 99, Int32Array.of(0, 0), 2);
        expect(relation.height(made)).toBe(99);
        expect(given.map((_, row) => relation.height(row))).toEqual(expected);
      }),
    );
  });
});
