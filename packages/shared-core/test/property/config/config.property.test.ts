import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../src/config/index.js';
import { JsonSyntaxProblem, parseLocatedJson } from '../../../src/config/json-file.js';
import { editDistance, nearestWord } from '../../../src/config/nearest-word.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('loadConfig', () => {
  const schema = z.object({
    text: z.string().default('none'),
    count: z.number().default(-1),
    flag: z.boolean().default(false),
    list: z.array(z.string()).default([]),
    inner: z.object({ ratio: z.number().default(0.5), deepText: z.string().default('') }).prefault({}),
  });
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
  const values = fc.record(
    {
      text: fc.string(),
      count: number,
      flag: fc.boolean(),
      list: fc.array(fc.string()),
      ratio: number,
      deepText: fc.string(),
    },
    { requiredKeys: [] },
  );
  type Values = { [K in 'text' | 'count' | 'flag' | 'list' | 'ratio' | 'deepText']?: unknown };

  const nested = ({ ratio, deepText, ...outer }: Values) => {
    const inner = JSON.parse(JSON.stringify({ ratio, deepText })) as object;
    return { ...outer, ...(Object.keys(inner).length === 0 ? {} : { inner }) };
  };
  const variables: Record<keyof Values, string> = {
    text: 'TENSTRIP_MY_STRIP_TEXT',
    count: 'TENSTRIP_MY_STRIP_COUNT',
    flag: 'TENSTRIP_MY_STRIP_FLAG',
    list: 'TENSTRIP_MY_STRIP_LIST',
    ratio: 'TENSTRIP_MY_STRIP_INNER__RATIO',
    deepText: 'TENSTRIP_MY_STRIP_INNER__DEEP_TEXT',
  };

  it('takes each key from the environment, else the file, else the default', () => {
    fc.assert(
      fc.property(values, values, (inFile, inEnv) => {
        const file = join(folder, 'config.json');
        writeFileSync(file, JSON.stringify(nested(inFile)));
        const written = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
        const env = Object.fromEntries(
          Object.entries(inEnv).map(([key, value]) => [variables[key as keyof Values], written(value)]),
        );
        const defaults = { text: 'none', count: -1, flag: false, list: [], ratio: 0.5, deepText: '' };
        const set = Object.fromEntries(Object.entries(inEnv).filter(([, value]) => value !== ''));
        expect(loadConfig(schema, { strip: 'my-strip', file, env })).toEqual(
          nested({ ...defaults, ...inFile, ...set }),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('located JSON', () => {
  it('accepts exactly what JSON.parse accepts, and gives its value', () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat(2),
      insert: fc.constantFrom('', '"', '\\', ',', ']', '}', '\n', '0', 'e', '\u0001'),
    });
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.option(damage), fc.nat(3), (value, hit, indent) => {
        let text = JSON.stringify(value, null, indent);
        if (hit !== null) {
          const at = hit.at % (text.length + 1);
          text = text.slice(0, at) + hit.insert + text.slice(at + hit.remove);
        }
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => parseLocatedJson(text)).toThrow(JsonSyntaxProblem);
          return;
        }
        expect(parseLocatedJson(text).value).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows the line of every value', () => {
    // Every leaf is a unique marker, so its line is the only line of the text that contains it.
    const shape = fc.letrec<{ node: unknown; leaf: null }>((tie) => ({
      leaf: fc.constant(null),
      node: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 4 }), tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(shape, (tree) => {
        const leaves: { path: (string | number)[]; marker: string }[] = [];
        const marked = (node: unknown, path: (string | number)[]): unknown => {
          if (Array.isArray(node)) return node.map((item, index) => marked(item, [...path, index]));
          if (node !== null) {
            return Object.fromEntries(
              Object.entries(node as object).map(([key, item]) => [key, marked(item, [...path, key])]),
            );
          }
          const marker = `<<leaf ${leaves.length}>>`;
          leaves.push({ path, marker });
          return marker;
        };
        const text = JSON.stringify(marked(tree, []), null, 2);
        const lines = text.split('\n');
        const located = parseLocatedJson(text);
        for (const { path, marker } of leaves) {
          expect(located.lineOf(path)).toBe(1 + lines.findIndex((line) => line.includes(marker)));
        }
      }),
    );
  });
});

describe('nearest word', () => {
  /** The definition, without a table: optimal string alignment by recursion. */
  function distance(from: string, to: string): number {
    if (from === '' || to === '') return from.length + to.length;
    const same = from.at(-1) === to.at(-1) ? 0 : 1;
    const swap = from.length > 1 && to.length > 1 && from.at(-1) === to.at(-2) && from.at(-2) === to.at(-1);
    return Math.min(
      distance(from.slice(0, -1), to.slice(0, -1)) + same,
      distance(from.slice(0, -1), to) + 1,
      distance(from, to.slice(0, -1)) + 1,
      swap ? distance(from.slice(0, -2), to.slice(0, -2)) + 1 : Number.POSITIVE_INFINITY,
    );
  }
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });

  it('measures the edit distance by its definition', () => {
    fc.assert(
      fc.property(word, word, (from, to) => {
        expect(editDistance(from, to)).toBe(distance(from, to));
      }),
    );
  });

  it('finds a nearest word, or none where all are far', () => {
    fc.assert(
      fc.property(word, fc.array(word), (given, words) => {
        const bound = Math.max(1, Math.floor(given.length / 3));
        const least = Math.min(...words.map((known) => distance(given, known)));
        const nearest = nearestWord(given, words);
        if (least > bound) expect(nearest).toBeUndefined();
        else expect(distance(given, nearest!)).toBe(least);
      }),
    );
  });
});
