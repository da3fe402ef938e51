import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { TenstripError } from '../../../src/errors/index.js';
import type { OperationContext } from '../../../src/governor/index.js';
import {
  type Calls,
  type CamelCase,
  definePlugin,
  defineStrip,
  type MountedStrip,
  type PluginContext,
  PluginRegistry,
} from '../../../src/plugins/index.js';
import { camelCase } from '../../../src/plugins/typed-calls.js';

const text = z.object({ text: z.string() });

function plugin(name: string) {
  return definePlugin({ name, summary: 'x', input: text, output: text, execute: (input) => input });
}

function problems(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    expect(error).toMatchObject({ code: 'StripInvalid' });
    return ((error as TenstripError).details.problems as { path: string }[]).map(({ path }) => path);
  }
  return [];
}

describe('definePlugin', () => {
  it.each(['count', 'record-events', 'a1', 'sha-256', 'x-1-y'])('takes the name %s', (name) => {
    expect(plugin(name).name).toBe(name);
  });

  it.each(['', 'Count', 'record_events', 'record events', '-a', 'a-', 'a--b', '1a', 'é', 'a/b', 'x'.repeat(65)])(
    'refuses the name %j',
    (name) => {
      expect(problems(() => plugin(name))).toEqual(['name']);
    },
  );

  it('says in the error what a name looks like', () => {
    expect(() => plugin('recordEvents')).toThrow('expected kebab-case of at most 64 characters');
    expect(() => plugin('recordEvents')).toThrow('"recordEvents"');
  });
});

describe('defineStrip', () => {
  const strip = { name: 'demo', version: 1, summary: 'x', options: z.object({}), open: () => undefined };

  it('takes a sound definition as it is', () => {
    const given = { ...strip, plugins: [plugin('one'), plugin('two')] as const };
    expect(defineStrip(given)).toBe(given);
  });

  it('lists everything that is wrong at once', () => {
    const found = problems(() =>
      defineStrip({
        ...strip,
        name: 'Demo Strip',
        version: 1.5,
        requiresStrips: { other: 0, 'Demo Strip': 1 },
        plugins: [
          plugin('one'),
          plugin('one'),
          { ...plugin('two'), name: 'Two', input: undefined as never },
          { ...plugin('three'), output: {} as never, capabilities: ['fs.erase' as never] },
        ],
      }),
    );
    expect(found).toEqual([
      'name',
      'version',
      'plugins[2].name',
      'plugins[2].input',
      'plugins[3].output',
      'plugins[3].capabilities[0]',
      'requiresStrips.other',
      'requiresStrips',
      'plugins[1].name',
    ]);
  });

  it('refuses two names that are one in camel case', () => {
    expect(camelCase('sha-256')).toBe(camelCase('sha256'));
    expect(problems(() => defineStrip({ ...strip, plugins: [plugin('sha-256'), plugin('sha256')] }))).toEqual([
      'plugins[1].name',
    ]);
  });

  it('wants at least one plugin and at most 256', () => {
    expect(problems(() => defineStrip({ ...strip, plugins: [] }))).toEqual(['plugins']);
    const many = Array.from({ length: 257 }, (_, index) => plugin(`p${index}`));
    expect(problems(() => defineStrip({ ...strip, plugins: many }))).toEqual(['plugins']);
  });
});

describe('a definition that came from nowhere near the compiler', () => {
  const sound = { ...plugin('one') };
  const strip = { name: 'demo', version: 1, summary: 'x', options: z.object({}), open: () => undefined };
  const withPlugins = (plugins: unknown) => () => defineStrip({ ...strip, plugins } as never);
  const withoutExecute: Partial<typeof sound> = { ...sound };
  delete withoutExecute.execute;

  it.each<[string, unknown, string[]]>([
    ['no execute', withoutExecute, ['execute']],
    ['a wrong deadline', { ...sound, limits: { deadlineMs: -1 } }, ['limits.deadlineMs']],
    ['text for a number', { ...sound, limits: { ioOps: '5' } }, ['limits.ioOps']],
    ['unknown keys', { ...sound, exectue: 1, limits: { deadline: 1 } }, ['limits.deadline', 'exectue']],
    ['a probe that is no function', { ...sound, health: 5 }, ['health']],
    ['an empty summary', { ...sound, summary: ' ' }, ['summary']],
    ['requirements that are no list', { ...sound, requires: 5 }, ['requires']],
    ['capabilities that are no list', { ...sound, capabilities: 'net' }, ['capabilities']],
    ['null', null, ['']],
    ['nothing', undefined, ['']],
    ['much at once', { name: 'X', health: 5 }, ['name', 'summary', 'input', 'output', 'execute', 'health']],
  ])('is refused as a plugin: %s', (_, given, paths) => {
    expect(problems(() => definePlugin(given as never))).toEqual(paths);
    const inStrip = paths.map((path) => (path === '' ? 'plugins[0]' : `plugins[0].${path}`));
    expect(problems(withPlugins([given]))).toEqual(inStrip);
  });

  it.each<[string, object | null | undefined, string[]]>([
    ['no plugins', {}, ['plugins']],
    ['a hole among the plugins', { plugins: [null] }, ['plugins[0]']],
    ['a close that is no function', { plugins: [sound], close: 5 }, ['close']],
    ['no open', { plugins: [sound], open: undefined }, ['open']],
    ['an unknown key', { plugins: [sound], opne: 1 }, ['opne']],
    ['requirements that are a list', { plugins: [sound], requiresStrips: ['a'] }, ['requiresStrips']],
  ])('is refused as a strip: %s', (_, given, paths) => {
    expect(problems(() => defineStrip({ ...strip, ...given } as never))).toEqual(paths);
  });

  it.each([null, undefined, 5, 'demo', []])('is refused as a strip: %j', async (given) => {
    expect(problems(() => defineStrip(given as never))).not.toEqual([]);
    await expect(new PluginRegistry().mount(given as never, {})).rejects.toMatchObject({ code: 'StripInvalid' });
  });

  it('is told what was meant', () => {
    expect(() => definePlugin({ ...sound, exectue: 1 } as never)).toThrow('did you mean execute?');
    expect(() => definePlugin({ ...sound, limits: { deadlineMS: 1 } } as never)).toThrow('did you mean deadlineMs?');
    expect(() => withPlugins([{ ...sound, inptu: 1 }])()).toThrow('did you mean input?');
  });
});

describe('the name of a plugin', () => {
  it.each(['then', 'constructor', 'to-string', 'value-of', 'has-own-property', 'to-j-s-o-n'])(
    'cannot be %s, which JavaScript itself looks up',
    (name) => expect(problems(() => plugin(name))).toEqual(['name']),
  );
});

describe('camel case', () => {
  it('is the same in types and at run time', () => {
    expectTypeOf<CamelCase<'record-events'>>().toEqualTypeOf<'recordEvents'>();
    expectTypeOf<CamelCase<'count'>>().toEqualTypeOf<'count'>();
    expectTypeOf<CamelCase<'a-b-c'>>().toEqualTypeOf<'aBC'>();
    expectTypeOf<CamelCase<'sha-256-sum'>>().toEqualTypeOf<'sha256Sum'>();
    expect(['record-events', 'count', 'a-b-c', 'sha-256-sum'].map(camelCase)).toEqual([
      'recordEvents',
      'count',
      'aBC',
      'sha256Sum',
    ] satisfies [CamelCase<'record-events'>, CamelCase<'count'>, CamelCase<'a-b-c'>, CamelCase<'sha-256-sum'>]);
  });
});

describe('types of a strip', () => {
  class Ledger {
    readonly entries: string[] = [];
  }
  const recordEvents = definePlugin({
    name: 'record-events',
    summary: 'Records events',
    input: z.object({ events: z.array(z.string()), note: z.string().default('none') }),
    output: z.object({ first: z.number(), at: z.date().transform((date) => date.getTime()) }),
    execute: async (input, op: PluginContext<Ledger>) => {
      expectTypeOf(input).toEqualTypeOf<{ events: string[]; note: string }>();
      expectTypeOf(op.service).toEqualTypeOf<Ledger>();
      expectTypeOf(op).toExtend<OperationContext>();
      return { first: op.service.entries.push(...input.events), at: new Date(op.clock.now()) };
    },
  });
  const count = definePlugin({
    name: 'count',
    summary: 'Counts',
    input: z.void(),
    output: z.number(),
    execute: (_, op: PluginContext<Ledger>) => op.service.entries.length,
  });
  const ledger = defineStrip({
    name: 'ledger',
    version: 1,
    summary: 'x',
    options: z.object({ folder: z.string(), limit: z.number().default(10) }),
    plugins: [recordEvents, count],
    open(options) {
      expectTypeOf(options).toEqualTypeOf<{ folder: string; limit: number }>();
      return new Ledger();
    },
    close(service) {
      expectTypeOf(service).toEqualTypeOf<Ledger>();
    },
  });

  it('are inferred from the schemas: what goes in, what comes out', () => {
    type Call = Calls<typeof ledger.plugins>;
    expectTypeOf<keyof Call>().toEqualTypeOf<'recordEvents' | 'count'>();
    expectTypeOf<Parameters<Call['recordEvents']>[0]>().toEqualTypeOf<{
      events: string[];
      note?: string | undefined;
    }>();
    expectTypeOf<ReturnType<Call['recordEvents']>>().toEqualTypeOf<Promise<{ first: number; at: number }>>();
    expectTypeOf<ReturnType<Call['count']>>().toEqualTypeOf<Promise<number>>();
    expectTypeOf<Parameters<Call['count']>[1]>().toEqualTypeOf<
      { signal?: AbortSignal; deadlineMs?: number } | undefined
    >();
  });

  it('are kept by mount and replace', () => {
    const mount = (registry: PluginRegistry) => registry.mount(ledger, { folder: 'x' });
    const replace = (registry: PluginRegistry) => registry.replace(ledger, { folder: 'x', limit: 3 });
    expectTypeOf<ReturnType<typeof mount>>().toEqualTypeOf<Promise<MountedStrip<typeof ledger.plugins>>>();
    expectTypeOf<ReturnType<typeof replace>>().toEqualTypeOf<Promise<MountedStrip<typeof ledger.plugins>>>();
    expectTypeOf<Parameters<PluginRegistry['execute']>[0]>().toEqualTypeOf<`${string}/${string}`>();
  });

  it('refuse what does not fit', () => {
    const wrong = (registry: PluginRegistry, mounted: MountedStrip<typeof ledger.plugins>) => [
      // @ts-expect-error the option folder is missing
      registry.mount(ledger, {}),
      // @ts-expect-error folder is text
      registry.mount(ledger, { folder: 7 }),
      // @ts-expect-error there is no such plugin
      mounted.call.erase,
      // @ts-expect-error events are text
      mounted.call.recordEvents({ events: [1] }),
      // @ts-expect-error a path has two parts
      registry.execute('count', undefined),
    ];
    expect(wrong).toBeTypeOf('function');
    // @ts-expect-error the output has to fit its schema
    definePlugin({ name: 'bad', summary: 'For this test', input: z.void(), output: z.number(), execute: () => 'text' });
    defineStrip({
      name: 'other',
      version: 1,
      summary: 'x',
      options: z.object({}),
      // @ts-expect-error the plugin needs a Ledger, the strip opens a number
      plugins: [count],
      open: () => 7,
    });
  });
});
