import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, Isolate, isTenstripError, ResourceGovernor } from '@tenstrip/shared-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

// Long enough for a busy machine; no test waits for it.
vi.setConfig({ testTimeout: 60_000 });

/** One attempt: the error that must stop it, and what it gets where there is no isolate. */
interface Attempt {
  readonly name: string;
  readonly code: string;
  /** The error's message names the attempt. */
  readonly says: RegExp;
  /** What the same code gets outside, or why it cannot be tried there. */
  readonly outside: RegExp | { readonly notTried: string };
}

const harmsHost = { notTried: 'it would harm the machine that runs the test' };
const channelOnly = { notTried: 'it is an attack on the channel, which exists only here' };
const denied = (name: string, says: RegExp, outside: Attempt['outside']): Attempt => ({
  name,
  code: 'CapabilityDenied',
  says,
  outside,
});
const failed = (name: string, says: RegExp, outside: Attempt['outside']): Attempt => ({
  name,
  code: 'IsolateFailed',
  says,
  outside,
});
const limited = (name: string, says: RegExp, outside: Attempt['outside']): Attempt => ({
  name,
  code: 'IsolateLimit',
  says,
  outside,
});

const attempts: readonly Attempt[] = [
  denied('readFileSync', /FileSystemRead .*canary/, /the host's secret/),
  denied('readFilePromise', /FileSystemRead .*canary/, /the host's secret/),
  denied('readStream', /FileSystemRead .*canary/, /the host's secret/),
  denied('openFile', /FileSystemRead .*canary/, /loot:\d+/),
  denied('listFolder', /FileSystemRead /, /canary/),
  denied('statFile', /FileSystemRead .*canary/, /loot:17/),
  denied('readProc', /FileSystemRead \/proc/, /loot:/),
  denied('writeFile', /FileSystemWrite .*canary/, {
    notTried: 'it would change the canary; copyFile shows that writing works',
  }),
  denied('copyFile', /FileSystemRead .*canary/, /loot:copied/),
  denied('linkFile', /fs\.symlink/, /loot:linked/),
  denied('removeFile', /FileSystem\w+ .*canary/, /loot:removed/),
  denied('binding', /process\.binding/, /loot:function/),
  denied('nativeAddon', /process\.dlopen/, { notTried: 'the file is no addon' }),
  failed('requireAddon', /Cannot find module '.*addon\.node'/, { notTried: 'the file is no addon' }),
  denied('spawnProgram', /ChildProcess/, /the host's secret/),
  denied('execShell', /ChildProcess/, /loot:\d+/),
  denied('workerThread', /WorkerThreads/, /the host's secret/),
  denied('wasi', /WASI/, /loot:function/),
  denied('inspectorSession', /Inspector/, /loot:\d+/),
  denied('functionConstructor', /code from strings/, /loot:/),
  denied('evalCode', /code from strings/, /loot:v\d/),
  failed('prototypeOfResult', /__proto__/, channelOnly),
  failed('prototypeForged', /__proto__/, channelOnly),
  failed('constructorPollution', /__proto__/, channelOnly),
  failed('environment', /no TENSTRIP_CANARY/, /loot:canary/),
  failed('tcp', /connect \w+ 127\.0\.0\.1/, /loot:connected/),
  failed('httpFetch', /connect \w+ 127\.0\.0\.1/, /loot:200/),
  failed('udp', /send \w+ 127\.0\.0\.1/, /loot:sent/),
  failed('unixSocket', /connect \w+ .*canary\.sock/, /loot:connected/),
  failed('abstractSocket', /connect \w+ .*tenstrip-canary/, /loot:connected/),
  denied('killParent', /process\.kill/, harmsHost),
  denied('killGroup', /process\.kill/, harmsHost),
  denied('killVictim', /process\.kill/, harmsHost),
  denied('exitProcess', /process\.exit/, { notTried: 'it ends itself' }),
  denied('abortProcess', /process\.abort/, { notTried: 'it ends itself' }),
  denied('becomeRoot', /process\.setuid/, /loot:set/),
  denied('v8Flags', /v8\.setFlagsFromString/, /loot:set/),
  denied('heapSnapshot', /v8\.writeHeapSnapshot/, /heapsnapshot/),
  limited('infiniteLoop', /longer than 700 ms/, harmsHost),
  limited('microtaskLoop', /longer than 700 ms/, harmsHost),
  limited('regexLoop', /longer than 700 ms/, harmsHost),
  limited('heapBomb', /out of memory/, harmsHost),
  limited('bufferBomb', /out of memory/, harmsHost),
  limited('messageFlood', /16 requests at a time/, channelOnly),
  limited('requestFlood', /messages a second/, channelOnly),
  limited('consoleFlood', /bytes a call/, harmsHost),
  limited('hugeResult', /result of 2\d{7} bytes/, channelOnly),
  limited('hugeFrame', /a message of 2147483647 bytes/, channelOnly),
  limited('emptyFrame', /a message of 0 bytes/, channelOnly),
  failed('garbage', /message/, channelOnly),
  failed('deepNesting', /deeper than 256/, channelOnly),
  failed('strangerResult', /belongs to no call/, channelOnly),
  denied('ungrantedUse', /"fs\.write" is not granted/, channelOnly),
  denied('linkOutOfGrant', /not below a granted folder/, channelOnly),
  denied('dotsOutOfGrant', /not below a granted folder/, channelOnly),
  denied('forgedMethod', /not below a granted folder/, channelOnly),
];

const governor = new ResourceGovernor({ logger: createLogger({ level: 'silent' }) });
const secret = "the host's secret";
const folder = mkdtempSync(join(tmpdir(), 'tenstrip-escape-'));
const granted = mkdtempSync(join(tmpdir(), 'tenstrip-granted-'));
const target = {
  file: join(folder, 'canary'),
  addon: join(folder, 'addon.node'),
  socket: join(folder, 'canary.sock'),
  abstract: `\0tenstrip-canary-${process.pid}`,
  variable: 'TENSTRIP_CANARY',
  port: 0,
  pid: 0,
  granted,
  linkToFile: join(granted, 'link'),
};
const guest = new URL('./escapes.guest.mjs', import.meta.url);
const control = fileURLToPath(new URL('./escapes.control.mjs', import.meta.url));
const servers: Server[] = [];
let connections = 0;
let victim: ChildProcess;

beforeAll(async () => {
  writeFileSync(target.file, secret);
  writeFileSync(target.addon, 'no addon');
  symlinkSync(target.file, target.linkToFile);
  process.env.TENSTRIP_CANARY = 'canary';
  for (const where of [{ port: 0, host: '127.0.0.1' }, { path: target.socket }, { path: target.abstract }]) {
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    await new Promise<void>((listening) => server.listen(where, listening));
    const address = server.address();
    if (typeof address === 'object' && address !== null) target.port = address.port;
    servers.push(server);
  }
  victim = spawn('sleep', ['600']);
  target.pid = victim.pid!;
});

afterAll(() => {
  victim.kill('SIGKILL');
  for (const server of servers) server.close();
  for (const made of [folder, granted]) rmSync(made, { recursive: true });
  delete process.env.TENSTRIP_CANARY;
});

async function attempt(name: string): Promise<unknown> {
  const isolate = await Isolate.open(governor, {
    kind: 'process',
    module: guest,
    grants: { 'fs.read': [granted] },
    deadlineMs: /Loop$/.test(name) ? 700 : 10_000,
    heapBytes: (/Bomb$/.test(name) ? 16 : 64) << 20,
    maxOutputBytes: 32 << 20,
    maxMessagesPerSecond: 1000,
  });
  try {
    return { escapedWith: await isolate.call(name, target) };
  } catch (error) {
    return error;
  } finally {
    await isolate[Symbol.asyncDispose]();
  }
}

/** The attempt in a plain process: an own group, so that it can be killed whatever it does. */
function outside(name: string): Promise<string> {
  writeFileSync(`${target.file}.spare`, 'spare');
  return new Promise((fulfil) => {
    const child = spawn(process.execPath, ['--no-warnings', control, name, JSON.stringify(target)], { detached: true });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('close', () => fulfil(said));
  });
}

describe.runIf(process.platform === 'linux')('a process isolate', () => {
  it('is attacked in at least 25 ways', () => {
    expect(new Set(attempts.map(({ name }) => name)).size).toBeGreaterThanOrEqual(25);
  });

  for (const { name, code, says } of attempts) {
    it(`stops ${name} with ${code}, and the host is unharmed`, async () => {
      const before = connections;
      const error = await attempt(name);
      expect(isTenstripError(error), `${name}: ${JSON.stringify(error)}`).toBe(true);
      expect(error).toMatchObject({ code });
      expect((error as Error).message).toMatch(says);
      expect(readFileSync(target.file, 'utf8')).toBe(secret);
      expect(connections).toBe(before);
      expect(process.kill(target.pid, 0)).toBe(true);
      expect(victim.exitCode ?? victim.signalCode).toBe(null);
      expect(({} as Record<string, unknown>).polluted).toBe(undefined);
    });
  }

  for (const { name, outside: loot } of attempts) {
    if (!(loot instanceof RegExp)) continue;
    it(`could not have stopped ${name} without the isolate`, async () => {
      expect(await outside(name)).toMatch(loot);
    });
  }

  it('leaves no mount and no process behind', () => {
    expect(readFileSync('/proc/mounts', 'utf8')).not.toMatch(/^tenstrip /m);
    expect(spawnSync('pgrep', ['-f', 'guest/process-entry.js'], { encoding: 'utf8' }).stdout.trim()).toBe('');
  });
});
