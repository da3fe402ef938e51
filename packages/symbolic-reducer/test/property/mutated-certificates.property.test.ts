// Every certificate that the engine gives, with one number, name or step changed, is refused: unless what it then says is true as well,
// which exact values at points decide, and never the engine.
import { isTenstripError, type RandomSource, seededRandom } from '@tenstrip/shared-core';
import { expect, it } from 'vitest';
import { requireFull } from '../../../../tools/test-requirements.mjs';
import {
  type Certificate,
  checkCertificate,
  differentiateWithProof,
  type EqualityCertificate,
  ExpressionStore,
  type ExprId,
  evaluateIntervals,
  expand,
  parseMathJson,
  parseText,
  proveEqual,
} from '../../src/index.js';
import { disguised, randomText } from '../services/random-text.js';

const names = ['x', 'y'];

/** The certificates of a random question. */
function certificates(random: RandomSource): Certificate[] {
  const store = new ExpressionStore();
  const functions = random.integer(0, 1) === 0 ? [] : ['sin', 'cos', 'exp', 'tan', 'sqrt'];
  const text = randomText(random, { names, functions, operations: random.integer(2, 5) });
  try {
    const expression = parseText(store, text);
    switch (random.integer(0, 2)) {
      case 0:
        return [...expand(store, expression, { maxTerms: 500 }).certificates];
      case 1: {
        const { certificates: found, proved } = differentiateWithProof(store, expression, 'x');
        return proved ? [...found] : [];
      }
      default: {
        const verdict = proveEqual(store, expression, parseText(store, disguised(random, text, names)), {
          maxTerms: 500,
        });
        return verdict.kind === 'proved' ? [verdict.certificate] : [];
      }
    }
  } catch (error) {
    if (isTenstripError(error, 'DomainError', 'BudgetExceeded', 'ExponentRange')) return [];
    throw error;
  }
}

/** One leaf changed: a number by one, a symbol or a function into another, a step left out. */
function mutated(certificate: Certificate, random: RandomSource): Certificate {
  const copy = structuredClone(certificate) as unknown as Record<string, unknown>;
  const places: { of: Record<string, unknown> | unknown[]; at: string | number }[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [at, inner] of Object.entries(value)) {
      if (typeof inner === 'object') collect(inner);
      else if (at !== 'kind' && at !== 'identity' && at !== 'relation')
        places.push({ of: value as Record<string, unknown>, at });
    }
  };
  collect(copy);
  const { of, at } = places[random.integer(0, places.length - 1)]!;
  const place = of as Record<string | number, unknown>;
  const value = place[at];
  if (typeof value === 'number') place[at] = value + (random.integer(0, 1) === 0 ? 1 : -1);
  else if (value === 'x') place[at] = 'y';
  else if (value === 'y') place[at] = 'x';
  else if (value === 'Add') place[at] = 'Multiply';
  else if (value === 'Multiply') place[at] = 'Add';
  else if (value === 'Sin') place[at] = 'Cos';
  else place[at] = 'Sin';
  return copy as unknown as Certificate;
}

/** MathJSON with its definitions written out. */
function unfolded(json: unknown, definitions: readonly unknown[]): unknown {
  if (typeof json === 'string' && /^#\d+$/.test(json)) return unfolded(definitions[Number(json.slice(1))], definitions);
  return Array.isArray(json) ? json.map((part) => unfolded(part, definitions)) : json;
}

/** Whether an equality's sides certainly differ somewhere. */
function isFalse({ left, right, definitions = [] }: EqualityCertificate): boolean {
  const store = new ExpressionStore();
  let sides: ExprId[];
  try {
    sides = [left, right].map((side) => parseMathJson(store, unfolded(side, definitions)));
  } catch (error) {
    // A sine of two arguments, a division by 0: this says nothing of numbers.
    if (isTenstripError(error)) return false;
    throw error;
  }
  return [0.3, 0.7, 1.1, 1.9, 2.3].some((x) => {
    const box = new Map([
      ['x', { low: x, high: x }],
      ['y', { low: x / 3 + 0.2, high: x / 3 + 0.2 }],
      // What was another name before the change.
      ['Sin', { low: x + 0.1, high: x + 0.1 }],
    ]);
    const [a, b] = evaluateIntervals(store, sides, box);
    return a !== undefined && b !== undefined && (a.high < b.low || b.high < a.low);
  });
}

function acceptedFalsehoods(count: number, seed: string): { tried: number; refused: number; wrong: string[] } {
  const random = seededRandom(seed);
  const wrong: string[] = [];
  let tried = 0;
  let refused = 0;
  while (tried < count) {
    for (const certificate of certificates(random)) {
      expect(checkCertificate(certificate).accepted).toBe(true);
      for (let at = 0; at < 5; at++) {
        const changed = mutated(certificate, random);
        tried++;
        if (!checkCertificate(changed).accepted) refused++;
        else if (changed.kind === 'equality' && isFalse(changed)) wrong.push(JSON.stringify(changed));
      }
    }
  }
  return { tried, refused, wrong };
}

it('no changed certificate proves what is false', () => {
  const { tried, refused, wrong } = acceptedFalsehoods(600, 'changed');
  expect(wrong).toEqual([]);
  expect(refused).toBeGreaterThan(0.6 * tried);
});

it.skipIf(!requireFull().available)('none of 10,000 does', () => {
  expect(acceptedFalsehoods(10_000, 'many changed').wrong).toEqual([]);
});
