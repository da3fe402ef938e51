// The verdicts that Porcupine published with its histories: register logs of Jepsen against etcd, and a key-value store.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireCorpus } from '../../../../tools/test-requirements.mjs';
import {
  casRegisterModel,
  checkLinearizable,
  keyValueModel,
  parseJepsenLog,
  parseKeyValueLog,
} from '../../src/index.js';

const corpus = requireCorpus('linearizability', 'it is test_data of github.com/anishathalye/porcupine, MIT');
const linearizable = new Set([2, 5, 7, 18, 25, 31, 38, 45, 48, 49]);
const filesOf = (folder: string) => (corpus.available ? readdirSync(join(corpus.folder, folder)).sort() : []);
const textOf = (folder: string, file: string) => readFileSync(join(corpus.folder, folder, file), 'utf8');

describe.skipIf(!corpus.available)('published histories', () => {
  it('are all there', () => {
    expect([filesOf('etcd').length, filesOf('kv').length]).toEqual([50, 4]);
  });

  it.each(filesOf('etcd'))('%s has the published verdict and, when illegal, a smallest contradiction', (file) => {
    const history = parseJepsenLog(textOf('etcd', file));
    const { verdict, failure } = checkLinearizable(casRegisterModel(), history);
    expect(verdict).toBe(linearizable.has(Number(/\d+/.exec(file)![0])) ? 'ok' : 'illegal');
    if (failure === undefined) return;
    expect(failure).toMatchObject({ minimal: true, prefix: { exact: true } });
    expect(failure.operations.length).toBeLessThan(12);
  });

  it.each(filesOf('kv'))('%s has the published verdict, key by key', (file) => {
    const history = parseKeyValueLog(textOf('kv', file));
    expect(checkLinearizable(keyValueModel(''), history).verdict).toBe(file.includes('ok') ? 'ok' : 'illegal');
  });
});
