import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { requireCorpus } from '../../../tools/test-requirements.mjs';
import { documentOf, Scratch, watchtower } from './run-watchtower';

const corpus = requireCorpus('apache-access-log', 'it comes from github.com/elastic/examples, Apache-2.0');

describe.skipIf(!corpus.available)('ten thousand requests to a public site in May 2015', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());

  test('is read to its end, and whoever is blocked did nothing but probe for what is not there', async () => {
    const log = join(corpus.folder, 'access.log');
    const run = await watchtower(scratch.folder, '--json', log);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = documentOf(run);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(document.input).toMatchObject({ lines: lines.length, events: lines.length });
    expect(document.ledger.verified).toBe(true);
    expect(document.blocked.length).toBeGreaterThan(0);
    for (const { target } of document.blocked) {
      const requests = lines.filter((line) => line.startsWith(`${target} `));
      expect(requests.filter((line) => !/" 40[034] /.test(line))).toEqual([]);
    }
  });
});
