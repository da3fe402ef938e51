import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextSearch } from '../../../src/rules/text-search.js';

const unit = fc.constantFrom('a', 'b', 'c', 'ä', 'ÿ', 'Ā', '\0', '\u{1f600}');

it('finds the texts that stand in another, as looking for each one does', () => {
  const texts = fc.array(fc.string({ unit, minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(texts, fc.string({ unit, maxLength: 40 }), (list, text) => {
      const found = new Set(new TextSearch(list).findIn(text));
      expect([...found].sort((a, b) => a - b)).toEqual(list.flatMap((one, at) => (text.includes(one) ? [at] : [])));
    }),
    { numRuns: 2000 },
  );
});

it('knows every character of Latin-1', () => {
  const texts = Array.from({ length: 256 }, (_, code) => `${String.fromCharCode(code)}x`);
  const search = new TextSearch(texts);
  for (const [number, text] of texts.entries()) expect(search.findIn(text)).toEqual([number]);
});

it('finds them among very many, where not every state has a row', () => {
  const texts = Array.from(
    { length: 6000 },
    (_, number) => `/${(number * 7919).toString(36)}/${'path'.repeat(4)}-${number}.php`,
  );
  const search = new TextSearch(texts);
  for (const number of [0, 1, 17, 2999, 5999])
    expect(search.findIn(`GET ${texts[number]!} HTTP/1.1`)).toContain(number);
  expect(search.findIn('GET /nothing/path-of-these.php HTTP/1.1')).toEqual([]);
});
