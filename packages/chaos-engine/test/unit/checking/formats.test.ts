import { describe, expect, it } from 'vitest';
import { parseHistoryJson, parseJepsenLog, parseKeyValueLog } from '../../../src/index.js';

const malformed = (index: number) => expect.objectContaining({ code: 'HistoryMalformed', details: { index } });

describe('a Jepsen log', () => {
  it('gives calls and completions; a compare-and-set that fails was answered, another failure did not happen', () => {
    const log = [
      'INFO  jepsen.core - Running test:',
      'INFO  jepsen.util - 0\t:invoke\t:read\tnil',
      'INFO  jepsen.util - 1\t:invoke\t:write\t4',
      'INFO  jepsen.util - 0\t:ok\t:read\tnil',
      'INFO  jepsen.util - 2\t:invoke\t:cas\t[4 -1]',
      'INFO  jepsen.util - 2\t:fail\t:cas\t[4 -1]',
      'INFO  jepsen.util - 0\t:invoke\t:read\tnil',
      'INFO  jepsen.util - 0\t:fail\t:read\t:timed-out',
      'INFO  jepsen.util - 1\t:info\t:write\t:timed-out',
      'INFO  jepsen.util - 3\t:invoke\t:write\t2',
    ].join('\n');
    expect(parseJepsenLog(log)).toEqual([
      { process: 0, operation: { f: 'read' }, result: null, call: 1, return: 3, outcome: 'ok' },
      { process: 1, operation: { f: 'write', value: 4 }, call: 2, return: 8, outcome: 'unknown' },
      { process: 2, operation: { f: 'cas', from: 4, to: -1 }, result: false, call: 4, return: 5, outcome: 'ok' },
      { process: 0, operation: { f: 'read' }, call: 6, return: 7, outcome: 'fail' },
      { process: 3, operation: { f: 'write', value: 2 }, call: 9, outcome: 'unknown' },
    ]);
  });

  it.each([
    ['a completion without invocation', ' 0 :ok :read nil', 0],
    ['two invocations without completion', ' 0 :invoke :read nil\n 0 :invoke :read nil', 1],
    ['a value that is none', ' 0 :invoke :write x', 0],
    ['half a pair', ' 0 :invoke :cas [1]', 0],
  ])('with %s is refused', (_, log, index) => {
    expect(() => parseJepsenLog(log)).toThrow(malformed(index));
  });
});

describe('a key-value log', () => {
  it('gives reads, writes and appends', () => {
    const log = [
      '{:process 0, :type :invoke, :f :append, :key "4", :value "x 0 1 y"}',
      '{:process 1, :type :invoke, :f :get, :key "a \\"b\\"", :value nil}',
      '{:process 0, :type :ok, :f :append, :key "4", :value "x 0 1 y"}',
      '{:process 1, :type :ok, :f :get, :key "a \\"b\\"", :value ""}',
      '',
    ].join('\n');
    expect(parseKeyValueLog(log)).toEqual([
      { process: 0, operation: { f: 'append', key: '4', value: 'x 0 1 y' }, call: 0, return: 2, outcome: 'ok' },
      { process: 1, operation: { f: 'get', key: 'a "b"' }, result: '', call: 1, return: 3, outcome: 'ok' },
    ]);
  });

  it('with a line that is none is refused', () => {
    expect(() => parseKeyValueLog('\n{:process 0, :type :invoke, :f :scan}')).toThrow(malformed(1));
    expect(() => parseKeyValueLog('{:process 0, :type :invoke, :f :put, :key "1", :value nil}')).toThrow(malformed(0));
  });
});

describe('JSON', () => {
  const history = [{ process: 1, operation: { f: 'read' }, result: 3, call: 0, return: 1, outcome: 'ok' }];

  it('is an array, or an entry a line', () => {
    expect(parseHistoryJson(JSON.stringify(history))).toEqual(history);
    expect(parseHistoryJson(`${JSON.stringify(history[0])}\n\n`)).toEqual(history);
    expect(parseHistoryJson('')).toEqual([]);
  });

  it('is checked', () => {
    expect(() => parseHistoryJson('[{"process": 1}]')).toThrow(malformed(0));
    expect(() => parseHistoryJson(`${JSON.stringify(history[0])}\n{`)).toThrow(malformed(1));
    expect(() => parseHistoryJson('[')).toThrow(malformed(0));
  });
});
