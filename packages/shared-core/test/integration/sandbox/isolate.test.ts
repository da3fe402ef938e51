import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  createLogger,
  type Grants,
  Isolate,
  type IsolateOptions,
  isTenstripError,
  ResourceGovernor,
  testing,
} from '@tenstrip/shared-core';
import { afterAll, describe, expect, it, vi } from 'vitest';

// Long enough for a busy machine; no test waits for it.
vi.setConfig({ testTimeout: 60_000 });

const onLinux = process.platform === 'linux';
const asRoot = onLinux && process.getuid?.() === 0;
const kinds = onLinux ? (['process', 'worker'] as const) : (['worker'] as const);
const logger = createLogger({ level: 'silent' });
const folder = mkdtempSync(join(tmpdir(), 'tenstrip-isolate-'));
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const moduleOf = (name: string) => new URL(name, import.meta.url);

afterAll(() => rmSync(folder, { recursive: true }));

/** Opens an isolate, gives it to `body`, and kills it. */
async function withIsolate<T>(
  options: Partial<IsolateOptions> & { governor?: ResourceGovernor },
  body: (isolate: Isolate, governor: ResourceGovernor) => Promise<T>,
): Promise<T> {
  const { governor = new ResourceGovernor({ logger }), ...given } = options;
  const isolate = await Isolate.open(governor, { kind: 'worker', module: moduleOf('functions.guest.mjs'), ...given });
  try {
    return await body(isolate, governor);
  } finally {
    await isolate[Symbol.asyncDispose]();
  }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(String, (error) => (isTenstripError(error) ? error.code : String(error)));

/** Pids of everything that descends from `pid`. */
function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

const isAlive = (pid: number) => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

for (const kind of kinds) {
  describe(`an isolate of kind ${kind}`, () => {
    it('calls functions by name and keeps their state between calls', async () => {
      await withIsolate({ kind }, async (isolate) => {
        expect(await isolate.call('add', { a: 2, b: 3 })).toBe(5);
        expect(await isolate.call('count', null)).toBe(1);
        expect(await isolate.call('count', null)).toBe(2);
        const value = {
          $: 'x',
          n: [Number.NaN, -0, undefined, 10n ** 30n],
          bytes: new Uint8Array([1, 2, 255]),
          '': null,
        };
        expect(await isolate.call('echo', value)).toStrictEqual(value);
      });
    });

    it('tells what a function throws, and goes on', async () => {
      await withIsolate({ kind }, async (isolate) => {
        await expect(isolate.call('fail', 'bad row')).rejects.toMatchObject({
          code: 'IsolateFailed',
          message: expect.stringContaining('isolate call "fail" threw TypeError: bad row'),
        });
        for (const name of ['nothing', 'notAFunction', '__proto__', 'constructor']) {
          await expect(isolate.call(name, 1)).rejects.toThrow(
            `no function ${JSON.stringify(name)}; it exports add, count, echo`,
          );
        }
        await expect(isolate.call('echo', { a: [() => 1] })).rejects.toThrow('call.input.a[0] is a function');
        expect(await isolate.call('echo', 'still here')).toBe('still here');
      });
    });

    it('kills a loop at its deadline and says why it has ended', async () => {
      await withIsolate({ kind, deadlineMs: 200 }, async (isolate) => {
        await expect(isolate.call('loop', 1)).rejects.toMatchObject({
          code: 'IsolateLimit',
          details: { limit: 'deadline' },
        });
        await expect(isolate.call('echo', 1)).rejects.toThrow(/has ended; open a new one.*longer than 200 ms/);
      });
    });

    it('stops a heap that grows', async () => {
      await withIsolate({ kind, heapBytes: 16 << 20 }, async (isolate) => {
        await expect(isolate.call('heapBomb', 1)).rejects.toMatchObject({
          code: 'IsolateLimit',
          details: { limit: 'memory' },
        });
      });
    });

    it('ends a running call with its operation, and refuses a waiting one at once', async () => {
      await withIsolate({ kind }, async (isolate, governor) => {
        const stop = new AbortController();
        const stopped = new AbortController();
        const running = codeOf(governor.run({ name: 'a', signal: stop.signal }, (op) => isolate.call('loop', 1, op)));
        const waiting = codeOf(
          governor.run({ name: 'b', signal: stopped.signal }, (op) => isolate.call('echo', 1, op)),
        );
        stopped.abort();
        expect(await waiting).toBe('OperationAborted');
        stop.abort();
        expect(await running).toBe('OperationAborted');
      });
    });

    it('runs calls in order and refuses more than may wait', async () => {
      await withIsolate({ kind, maxQueue: 3 }, async (isolate) => {
        const calls = [1, 2, 3, 4].map((n) => codeOf(isolate.call('sleep', n)));
        expect(await Promise.all(calls)).toEqual(['slept', 'slept', 'slept', 'QueueFull']);
      });
    });

    it('rejects what still runs when it is disposed of', async () => {
      const governor = new ResourceGovernor({ logger });
      const isolate = await Isolate.open(governor, { kind, module: moduleOf('functions.guest.mjs') });
      const running = codeOf(isolate.call('loop', 1));
      await isolate[Symbol.asyncDispose]();
      expect(await running).toBe('IsolateFailed');
      expect(governor.statistics().reservedBytes).toBe(0);
    });

    it('does what is granted through the host, and no more', async () => {
      const inside = join(folder, `inside-${kind}`);
      mkdirSync(inside);
      writeFileSync(join(inside, 'note'), 'hello');
      writeFileSync(join(folder, 'secret'), 'secret');
      process.env.TENSTRIP_SHOWN = 'shown';
      const server = createServer((request, response) => {
        request.resume();
        if (request.url === '/away') response.writeHead(307, { location: 'http://localhost:1/' }).end();
        else response.writeHead(200, { 'x-answer': request.method }).end('answer');
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const { port } = server.address() as { port: number };
      const grants: Grants = {
        'fs.read': [inside],
        'fs.write': [inside],
        net: [`127.0.0.1:${port}`],
        process: ['cat'],
        env: ['TENSTRIP_SHOWN'],
      };
      await withIsolate({ kind, grants }, async (isolate) => {
        expect(await isolate.call('readText', join(inside, 'note'))).toBe('hello');
        expect(await isolate.call('readMany', join(inside, 'note'))).toBe(500);
        await isolate.call('writeText', { path: join(inside, 'new'), text: 'written' });
        expect(readFileSync(join(inside, 'new'), 'utf8')).toBe('written');
        expect(await isolate.call('fetchText', `http://127.0.0.1:${port}/`)).toEqual([200, 'POST', 'answer']);
        expect(await isolate.call('run', { program: 'cat', args: [], input: 'meow' })).toEqual([0, 'meow']);
        expect(await isolate.call('variables', null)).toEqual({ TENSTRIP_SHOWN: 'shown' });
        for (const [name, input] of [
          ['readText', join(folder, 'secret')],
          ['writeText', { path: join(folder, 'new'), text: '' }],
          ['fetchText', `http://localhost:${port}/`],
          ['fetchText', `http://127.0.0.1:${port}/away`],
          ['run', { program: 'sh', args: [], input: '' }],
        ] as const) {
          expect(await codeOf(isolate.call(name, input)), name).toBe('CapabilityDenied');
        }
      });
      server.close();
    });

    it('gets nothing that its governor was not granted', async () => {
      const governor = new ResourceGovernor({ logger, sandbox: { grants: { 'fs.read': [folder] } } });
      await expect(withIsolate({ kind, governor, grants: { net: true } }, async () => 0)).rejects.toMatchObject({
        code: 'CapabilityDenied',
      });
      await withIsolate({ kind, governor, grants: { 'fs.read': true } }, async (isolate) => {
        await expect(isolate.call('readText', '/etc/hostname')).rejects.toMatchObject({ code: 'CapabilityDenied' });
      });
    });

    it('logs what the module prints as data', async () => {
      const lines: string[] = [];
      const destination = { write: (line: string) => void lines.push(line) };
      const governor = new ResourceGovernor({ logger: createLogger({ level: 'info', destination }) });
      await withIsolate({ kind, governor }, async (isolate) => {
        await isolate.call('print', 'level: "fatal"');
        while (lines.length === 0) await wait(5);
      });
      expect(JSON.parse(lines[0]!)).toMatchObject({ stream: 'stdout', text: 'level: "fatal"', msg: 'isolate console' });
    });

    it('is refused for a module that cannot be loaded, that throws, or that hangs', async () => {
      const data = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
      const missing = new URL('./missing.mjs', import.meta.url);
      await expect(withIsolate({ kind, module: missing }, async () => 0)).rejects.toMatchObject({
        code: 'IsolateFailed',
      });
      await expect(withIsolate({ kind, module: data('throw new Error("no")') }, async () => 0)).rejects.toThrow(
        'threw Error: no',
      );
      await expect(withIsolate({ kind, module: data('for(;;);'), bootMs: 600 }, async () => 0)).rejects.toMatchObject({
        code: 'IsolateLimit',
        details: { limit: 'boot' },
      });
      expect(
        await withIsolate({ kind, module: data('export const one = () => 1') }, (isolate) => isolate.call('one', 0)),
      ).toBe(1);
    });

    it('has the time and the chance of the operation when its governor is deterministic', () => {
      const run = () =>
        execFileSync(process.execPath, [file('deterministic-host.child.mjs'), kind], {
          encoding: 'utf8',
          env: { TZ: 'UTC' },
        });
      const first = run();
      expect(run()).toBe(first);
      const outputs = JSON.parse(first) as {
        seed: number;
        hostElapsed: number;
        world: { order: string[]; chance: unknown; elapsed: number };
      }[];
      expect(outputs[0]!.world.order).toEqual(['immediate', 'early', 'interval', 'interval', 'late', 'interval']);
      for (const { world, hostElapsed } of outputs) {
        expect(world.elapsed).toBe(1550);
        expect(hostElapsed).toBe(1550);
      }
      expect(new Set(outputs.map(({ world }) => JSON.stringify(world.chance))).size).toBe(4);
    });

    it('names whatever would differ between two runs', async () => {
      const names = Object.keys(await import(moduleOf('nondeterminism.guest.mjs').href));
      const governor = new ResourceGovernor({ ...testing(1), logger });
      await withIsolate({ kind, governor, module: moduleOf('nondeterminism.guest.mjs') }, async (isolate) => {
        for (const name of names) {
          const call = governor.run(name, (op) => isolate.call(name, null, op));
          await expect(call, name).rejects.toMatchObject({
            code: 'Nondeterminism',
            details: { attempted: expect.stringMatching(/\w/) },
          });
        }
      });
      expect(names.length).toBeGreaterThan(15);
    });
  });
}

describe('the options of an isolate', () => {
  it('are refused all at once', async () => {
    const wrong = {
      kind: 'thread',
      module: new URL('https://example.com/x.mjs'),
      heapBytes: 1,
      grants: { native: true },
    };
    const opening = Isolate.open(new ResourceGovernor({ logger }), wrong as unknown as IsolateOptions);
    await expect(opening).rejects.toMatchObject({
      code: 'IsolateFailed',
      message: expect.stringMatching(/kind: .*module: .*grants: .*heapBytes: /s),
    });
  });

  it('name a module that is not there, or is a folder', async () => {
    for (const module of [moduleOf('no-such.guest.mjs'), moduleOf('.')]) {
      await expect(Isolate.open(new ResourceGovernor({ logger }), { kind: 'process', module })).rejects.toMatchObject({
        code: 'IsolateFailed',
        message: expect.stringContaining('module: there is no such file'),
      });
    }
  });
});

describe.runIf(onLinux)('a process isolate and its host', () => {
  it('holds every promise', async () => {
    await withIsolate({ kind: 'process' }, async (isolate) => {
      expect(isolate.promises).toEqual({ 'no-network': true, 'no-signals': true, 'memory-bound': true });
    });
  });

  it('leaves no process behind', async () => {
    const before = descendants(process.pid);
    let during: number[] = [];
    await withIsolate({ kind: 'process' }, async () => {
      during = descendants(process.pid).filter((pid) => !before.includes(pid));
    });
    expect(during.length).toBeGreaterThan(1);
    // Their files are closed; the kernel may still be taking them down.
    while (during.some(isAlive)) await wait(5);
  });

  it('kills nothing once its process has ended: the number may be another’s by then', async () => {
    await withIsolate({ kind: 'process' }, async (isolate) => {
      await isolate[Symbol.asyncDispose]();
      const kill = vi.spyOn(process, 'kill');
      try {
        await isolate[Symbol.asyncDispose]();
        expect(kill).not.toHaveBeenCalled();
      } finally {
        kill.mockRestore();
      }
    });
  });

  it('dies with its host, in the middle of a loop', async () => {
    const host = spawn(process.execPath, [file('dying-host.child.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((looping) => host.stdout.once('data', looping));
    const guests = descendants(host.pid!);
    expect(guests.length).toBeGreaterThan(1);
    host.kill('SIGKILL');
    while (guests.some(isAlive)) await wait(10);
    expect(guests.filter(isAlive)).toEqual([]);
  });

  it.runIf(asRoot)('holds the same for a host that is nobody', () => {
    const line = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      process.execPath,
      file('confined-host.child.mjs'),
    ];
    expect(JSON.parse(execFileSync('setpriv', line, { encoding: 'utf8' }))).toEqual({
      uid: 65534,
      promises: { 'no-network': true, 'no-signals': true, 'memory-bound': true },
      readFileSync: 'CapabilityDenied',
      spawnProgram: 'CapabilityDenied',
      unixSocket: 'IsolateFailed',
      udp: 'IsolateFailed',
      killParent: 'CapabilityDenied',
    });
  });

  it.runIf(asRoot)('says which promise a machine without namespaces does not hold, and opens when it is waived', () => {
    const host = (accept: string) => {
      const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
      const line = [
        '--map-root-user',
        'sh',
        '-c',
        script,
        'sh',
        process.execPath,
        file('confined-host.child.mjs'),
        accept,
      ];
      return JSON.parse(execFileSync('unshare', line, { encoding: 'utf8' }));
    };
    expect(host('[]').error).toMatchObject({
      code: 'IsolateUnsupported',
      message: expect.stringMatching(
        /no-network \(unshare.*no-signals \(unshare.*accept: \["no-network","no-signals"\]/s,
      ),
    });
    expect(host('["no-network","no-signals"]')).toMatchObject({
      promises: { 'no-network': false, 'no-signals': false, 'memory-bound': true },
      readFileSync: 'CapabilityDenied',
      spawnProgram: 'CapabilityDenied',
    });
  });

  it('holds by the kernel alone, without Node’s permission model and without our program', async () => {
    const { confinementSupport, launchOf } = await import(
      fileURLToPath(new URL('./sandbox/confinement.js', import.meta.resolve('@tenstrip/shared-core')))
    );
    const victim = spawn('sleep', ['600']);
    const target = {
      file: join(folder, 'canary'),
      socket: join(folder, 'border.sock'),
      abstract: `\0tenstrip-border-${process.pid}`,
      port: 0,
      pid: victim.pid,
    };
    writeFileSync(target.file, 'canary');
    let connections = 0;
    const servers = await Promise.all(
      [{ port: 0, host: '127.0.0.1' }, { path: target.socket }, { path: target.abstract }].map(async (where) => {
        const server = createSocketServer(() => (connections += 1));
        await new Promise<void>((listening) => server.listen(where, listening));
        const address = server.address();
        if (typeof address === 'object' && address !== null) target.port = address.port;
        return server;
      }),
    );
    const { command, args } = launchOf(moduleOf('kernel-border.guest.mjs'), 64 << 20, await confinementSupport());
    const bare = (args as string[]).filter((argument) => !/permission|allow-fs|process-entry/.test(argument));
    const ran = spawnSync(
      command,
      [...bare, '/module/kernel-border.guest.mjs', encodeURIComponent(JSON.stringify(target))],
      {
        env: {},
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        encoding: 'utf8',
        // As an isolate is spawned; spawnSync knows it too, though its type does not.
        ...{ detached: true },
      },
    );
    expect(JSON.parse(ran.stdout), ran.stderr).toEqual({
      root: expect.arrayContaining(['bin', 'guest', 'lib', 'module']),
      read: 'ENOENT',
      passwd: 'ENOENT',
      write: 'EROFS',
      writeLibrary: 'EROFS',
      killVictim: 'ESRCH',
      killAll: expect.stringMatching(/ESRCH|true/),
      tcp: 'ENETUNREACH',
      unix: 'ENOENT',
      abstract: 'ECONNREFUSED',
      udp: 'ENETUNREACH',
    });
    expect(connections).toBe(0);
    expect(isAlive(victim.pid!)).toBe(true);
    for (const server of servers) server.close();
    victim.kill('SIGKILL');
  });
});
