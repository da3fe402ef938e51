import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, type Problem } from '../../../src/config/index.js';
import { isTenstripError, type TenstripError } from '../../../src/errors/index.js';

const schema = z.object({
  folder: z.string().default('data'),
  durability: z.enum(['fsync', 'os']).default('fsync'),
  verbose: z.boolean().default(false),
  origins: z.array(z.string()).default([]),
  sizes: z.array(z.number()).optional(),
  server: z
    .object({ port: z.number().int().min(1).max(65_535).default(80), maxQueue: z.number().default(10) })
    .prefault({}),
  labels: z.record(z.string(), z.number()).optional(),
  limit: z.number().nullable().optional(),
  retries: z.union([z.number(), z.literal('forever')]).default(3),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenstrip-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, text);
  return path;
}

function refusal(act: () => unknown): TenstripError {
  try {
    act();
  } catch (error) {
    if (isTenstripError(error, 'ConfigInvalid')) return error;
    throw error;
  }
  throw new Error('was not refused');
}

function problems(act: () => unknown): readonly Problem[] {
  return refusal(act).details.problems as Problem[];
}

describe('precedence', () => {
  const path = () => file('{ "folder": "from-file", "server": { "port": 8080 } }');

  it('starts from the defaults of the schema', () => {
    const config = loadConfig(schema, { strip: 'ledger', env: {} });
    expect(config).toEqual({
      folder: 'data',
      durability: 'fsync',
      verbose: false,
      origins: [],
      server: { port: 80, maxQueue: 10 },
      retries: 3,
    });
    expectTypeOf(config).toEqualTypeOf<z.output<typeof schema>>();
  });

  it('puts the file over the defaults, key by key', () => {
    const config = loadConfig(schema, { strip: 'ledger', file: path(), env: {} });
    expect(config).toMatchObject({ folder: 'from-file', server: { port: 8080, maxQueue: 10 } });
  });

  it('puts the environment over the file, key by key', () => {
    const env = { TENSTRIP_LEDGER_FOLDER: 'from-env', TENSTRIP_LEDGER_SERVER__MAX_QUEUE: '7' };
    const config = loadConfig(schema, { strip: 'ledger', file: path(), env });
    expect(config).toMatchObject({ folder: 'from-env', server: { port: 8080, maxQueue: 7 } });
  });

  it('lets the variable of an inner key win over the variable of the object around it', () => {
    const env = { TENSTRIP_LEDGER_SERVER__PORT: '2', TENSTRIP_LEDGER_SERVER: '{"port": 1, "maxQueue": 5}' };
    expect(loadConfig(schema, { strip: 'ledger', env }).server).toEqual({ port: 2, maxQueue: 5 });
  });

  it('refuses what stands where an object must, though a variable sets a key below it', () => {
    const env = { TENSTRIP_LEDGER_SERVER__PORT: '2' };
    const wrong = file('{\n"server": 8080 }');
    expect(problems(() => loadConfig(schema, { strip: 'ledger', file: wrong, env }))).toEqual([
      { path: 'server', message: `expected an object, got 8080 (${wrong}:2)` },
    ]);
    expect(
      problems(() => loadConfig(schema, { strip: 'ledger', env: { ...env, TENSTRIP_LEDGER_SERVER: '7' } })),
    ).toEqual([{ path: 'server', message: 'expected an object, got 7 (environment variable TENSTRIP_LEDGER_SERVER)' }]);
  });

  it('reads process.env when no environment is given', () => {
    process.env.TENSTRIP_CONFIG_TEST_FOLDER = 'here';
    try {
      expect(loadConfig(schema, { strip: 'config-test' }).folder).toBe('here');
    } finally {
      delete process.env.TENSTRIP_CONFIG_TEST_FOLDER;
    }
  });

  it('accepts a byte-order mark', () => {
    expect(loadConfig(schema, { strip: 'ledger', file: file('\uFEFF{"folder":"x"}'), env: {} }).folder).toBe('x');
  });
});

describe('values of variables', () => {
  const read = (env: Record<string, string>) => loadConfig(schema, { strip: 'pipeline-engine', env });
  const named = (key: string, text: string) => ({ [`TENSTRIP_PIPELINE_ENGINE_${key}`]: text });

  it.each([
    ['text as it is, even when it looks like JSON', named('FOLDER', '{"a":1}'), { folder: '{"a":1}' }],
    ['numbers', named('SERVER__PORT', '8080'), { server: { port: 8080 } }],
    ['numbers in any JSON form', named('SERVER__MAX_QUEUE', '1e3'), { server: { maxQueue: 1000 } }],
    ['true', named('VERBOSE', 'true'), { verbose: true }],
    ['1 as true', named('VERBOSE', '1'), { verbose: true }],
    ['false', named('VERBOSE', 'false'), { verbose: false }],
    ['0 as false', named('VERBOSE', '0'), { verbose: false }],
    ['arrays by commas', named('ORIGINS', 'a, b ,c'), { origins: ['a', 'b', 'c'] }],
    ['arrays as JSON', named('ORIGINS', '["a,b", "c"]'), { origins: ['a,b', 'c'] }],
    ['arrays of numbers', named('SIZES', '1,2,3'), { sizes: [1, 2, 3] }],
    ['records as JSON', named('LABELS', '{"x":1}'), { labels: { x: 1 } }],
    ['null', named('LIMIT', 'null'), { limit: null }],
    ['the number of a union', named('RETRIES', '5'), { retries: 5 }],
    ['the text of a union', named('RETRIES', 'forever'), { retries: 'forever' }],
    ['an empty variable as not set', named('SERVER__PORT', ''), { server: { port: 80 } }],
  ])('%s', (_, env, expected) => {
    expect(read(env)).toMatchObject(expected);
  });

  it.each(['eighty', '80x', '0x50', ' ', 'NaN', 'Infinity'])('refuses %j for a number', (text) => {
    const [problem] = problems(() => read(named('SERVER__PORT', text)));
    expect(problem).toEqual({
      path: 'server.port',
      message: `expected number, got ${JSON.stringify(text)} (environment variable TENSTRIP_PIPELINE_ENGINE_SERVER__PORT)`,
    });
  });

  it('does not touch variables of other strips', () => {
    expect(() => read({ TENSTRIP_LEDGER_NONSENSE: '1', TENSTRIP_LOG_LEVEL: 'debug', PATH: '/bin' })).not.toThrow();
  });
});

describe('a call that is wrong itself', () => {
  it.each<[unknown, unknown, string]>([
    [schema, undefined, "strip is nothing; give the strip's name"],
    [schema, {}, "strip is nothing; give the strip's name"],
    [schema, { strip: '' }, 'strip is ""'],
    [schema, { strip: 'demo', file: 5, env: 'x' }, 'file is 5; give a path, env is "x"'],
    [{}, { strip: 'demo' }, 'give a zod schema'],
    [undefined, undefined, 'the schema is nothing'],
  ])('is a TypeError that says what was wrong (%#)', (wrong, options, reason) => {
    expect(() => loadConfig(wrong as never, options as never)).toThrow(TypeError);
    expect(() => loadConfig(wrong as never, options as never)).toThrow(reason);
  });
});

describe('refusal', () => {
  it('lists every wrong key at once, with value and source', () => {
    const path = file(`{
  "folder": 7,
  "server": { "port": 70000,
    "prot": 1 },
  "durabilty": "os"
}`);
    const env = { TENSTRIP_LEDGER_VERBOSE: 'maybe', TENSTRIP_LEDGER_ORIGIN: 'a' };
    const error = refusal(() => loadConfig(schema, { strip: 'ledger', file: path, env }));
    expect(error.message.split('\n  ').slice(1).sort()).toEqual(
      [
        `folder: expected string, got 7 (${path}:2)`,
        `server.port: expected number to be <=65535, got 70000 (${path}:3)`,
        `server.prot: unknown key; did you mean port? (${path}:4)`,
        `durabilty: unknown key; did you mean durability? (${path}:5)`,
        'verbose: expected boolean, got "maybe" (environment variable TENSTRIP_LEDGER_VERBOSE)',
        'TENSTRIP_LEDGER_ORIGIN: unknown environment variable; did you mean TENSTRIP_LEDGER_ORIGINS?',
      ].sort(),
    );
    expect(error.details.problems).toHaveLength(6);
  });

  it('says how to set what is missing', () => {
    const required = z.object({ server: z.object({ adminEmail: z.string() }).prefault({} as { adminEmail: string }) });
    const [problem] = problems(() => loadConfig(required, { strip: 'ledger', env: {} }));
    expect(problem!.message).toBe('expected string, got nothing (set TENSTRIP_LEDGER_SERVER__ADMIN_EMAIL)');
  });

  it('never shows the value of a secret', () => {
    const secrets = z.object({ apiKey: z.string().min(40), keys: z.object({ signing_secret: z.number() }) });
    const path = file('{ "apiKey": "hunter2", "keys": { "signing_secret": "hunter2" } }');
    const error = refusal(() => loadConfig(secrets, { strip: 'ledger', file: path, env: {} }));
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(error.details.problems).toHaveLength(2);
  });

  it('reports a key that is given twice', () => {
    const path = file('{ "folder": "a",\n "folder": "b" }');
    expect(problems(() => loadConfig(schema, { strip: 'ledger', file: path, env: {} }))).toEqual([
      { path: 'folder', message: `given twice (again at ${path}:2)` },
    ]);
  });

  it('lets open objects have any key, and looks for unknown ones inside arrays and unions', () => {
    const open = z.object({
      loose: z.looseObject({}).optional(),
      list: z.array(z.object({ name: z.string() })).optional(),
      either: z.union([z.object({ file: z.string() }), z.object({ url: z.string() })]).optional(),
    });
    const given =
      '{ "loose": { "any": 1 }, "list": [{ "name": "a", "nmae": "b" }], "either": { "url": "u", "fiel": "f" } }';
    const found = problems(() => loadConfig(open, { strip: 'ledger', file: file(given), env: {} }));
    expect(found.map(({ path }) => path)).toEqual(['list[0].nmae', 'either.fiel']);
  });

  it('refuses a schema of which two keys are one variable', () => {
    const twins = z.object({ maxQueue: z.number().default(1), max_queue: z.number().default(2) });
    expect(() => loadConfig(twins, { strip: 'x', env: {} })).toThrow(
      new TypeError(
        'loadConfig(schema, options): the keys maxQueue and max_queue are both read from TENSTRIP_X_MAX_QUEUE; rename one',
      ),
    );
  });

  it.each(['log', 'corpus'])('takes no variable of the suite for one of the strip %s', (strip) => {
    const env = { TENSTRIP_LOG_LEVEL: 'info', TENSTRIP_CORPUS_DIR: '/data' };
    expect(loadConfig(z.object({}), { strip, env })).toEqual({});
  });

  it('reports an unknown key of a strict object once', () => {
    const strict = z.strictObject({ name: z.string().optional() });
    expect(problems(() => loadConfig(strict, { strip: 'x', file: file('{"nmae":1}'), env: {} }))).toHaveLength(1);
  });

  it('follows a recursive schema', () => {
    const tree = z.object({
      name: z.string(),
      get child() {
        return tree.optional();
      },
    });
    const path = file('{ "name": "a", "child": { "name": "b", "child": { "name": 3, "chidl": 1 } } }');
    const found = problems(() => loadConfig(tree, { strip: 'x', file: path, env: {} }));
    expect(found.map((problem) => problem.path).sort()).toEqual(['child.child.chidl', 'child.child.name']);
  });

  it.each([
    ['a trailing comma', '{\n  "a": 1,\n}', 'expected a key in double quotes, got "}"', ':3:1'],
    ['a missing colon', '{ "a" 1 }', 'expected ":", got "1"', ':1:7'],
    ['an unclosed object', '{ "a": 1', 'expected "," or "}", got the end of the file', ':1:9'],
    ['an empty file', '', 'expected a value, got the end of the file', ':1:1'],
    ['a raw line break in a string', '{ "a": "x\ny" }', 'expected a string that ends on its line', ':1:8'],
    ['a tab in a string', '{ "a": "x\ty" }', 'expected a string without control characters', ':1:8'],
    ['text after the end', '{}\n{}', 'expected the end of the file, got "{"', ':2:1'],
    ['a comment', '// c\n{}', 'expected a value, got "/"', ':1:1'],
    ['a bomb of brackets', '{"a":'.repeat(5000), 'expected at most 64 levels of nesting', ':1:'],
  ])('points at %s', (_, text, message, place) => {
    const path = file(text);
    const [problem] = problems(() => loadConfig(schema, { strip: 'ledger', file: path, env: {} }));
    expect(problem!.message).toContain(message);
    expect(problem!.message).toContain(`(${path}${place}`);
  });

  it.each(['[]', '"text"', 'null', '7'])('refuses a file that holds %s', (text) => {
    const [problem] = problems(() => loadConfig(schema, { strip: 'ledger', file: file(text), env: {} }));
    expect(problem!.message).toContain(`expected a JSON object, got ${text}`);
  });

  it('refuses a file that is missing, a directory or larger than 1 MiB, and keeps the cause', () => {
    const missing = refusal(() => loadConfig(schema, { strip: 'ledger', file: join(folder, 'none.json'), env: {} }));
    expect(missing.message).toContain('no such file');
    expect(missing.cause).toMatchObject({ code: 'ENOENT' });
    expect(refusal(() => loadConfig(schema, { strip: 'ledger', file: folder, env: {} })).message).toContain('EISDIR');
    const large = file(`{"folder": "${'x'.repeat(1 << 20)}"}`);
    expect(refusal(() => loadConfig(schema, { strip: 'ledger', file: large, env: {} })).message).toContain('1048576');
  });

  it('keeps a message short however much is wrong', () => {
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 'v'.repeat(9)])));
    const error = refusal(() => loadConfig(schema, { strip: 'ledger', file: file(many), env: {} }));
    expect(error.message).toContain('… and 19950 more');
    expect(error.message.length).toBeLessThan(20_000);
  });

  it('treats __proto__ as a key like any other', () => {
    const path = file('{ "__proto__": { "folder": "x" } }');
    expect(problems(() => loadConfig(schema, { strip: 'x', file: path, env: {} }))[0]!.path).toBe('__proto__');
    expect(({} as { folder?: string }).folder).toBeUndefined();
  });
});
