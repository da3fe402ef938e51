// What reaches the machine ends the world, with the name of what was called, the node and the place; nothing of the world stays behind.
import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import crypto, { randomUUID, scrypt } from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs, { readFile } from 'node:fs';
import { readFile as readFilePromise } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import tls from 'node:tls';
import workerThreads from 'node:worker_threads';
import zlib, { gzip } from 'node:zlib';
import { isTenstripError, type TenstripError } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { simulate } from '../../../src/index.js';

const captured = {
  setTimeout,
  setImmediate,
  readFile: fs.readFile,
  lookup: dns.lookup,
  connect: net.Socket.prototype.connect,
};
const ignore = (): void => {};

async function thrownBy(scenario: () => unknown): Promise<TenstripError> {
  try {
    await simulate({ seed: 1 }, async () => void (await scenario()));
  } catch (error) {
    if (isTenstripError(error, 'Nondeterminism')) return error as TenstripError;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a world refuses what reaches the machine by its name', () => {
  it.each<[string, () => unknown]>([
    ['fs.readFile', () => readFile('/etc/hosts', ignore)],
    ['fs.promises.readFile', () => readFilePromise('/etc/hosts')],
    ['fs.createReadStream', () => fs.createReadStream('/etc/hosts')],
    ['fs.writeFileSync', () => fs.writeFileSync('/nonexistent/file', '')],
    ['child_process.spawn', () => childProcess.spawn('true')],
    ['child_process.execFileSync', () => childProcess.execFileSync('true')],
    ['worker_threads.Worker', () => new workerThreads.Worker('', { eval: true })],
    ['globalThis.MessageChannel', () => new MessageChannel()],
    ['dns.resolve4', () => dns.resolve4('localhost', ignore)],
    ['dgram.createSocket', () => dgram.createSocket('udp4')],
    ['tls.connect', () => tls.connect(443)],
    ['crypto.scrypt', () => scrypt('a', 'b', 8, ignore)],
    ['crypto.generateKeyPairSync', () => crypto.generateKeyPairSync('ed25519')],
    ['crypto.subtle.digest', () => globalThis.crypto.subtle.digest('SHA-256', new Uint8Array(1))],
    ['zlib.gzip', () => gzip('text', ignore)],
    ['zlib.createGunzip', () => zlib.createGunzip()],
    ['Atomics.wait', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
  ])('%s', async (api, reach) => {
    const { details } = await thrownBy(reach);
    expect(details).toMatchObject({ api, node: 'scenario' });
    expect(details.stack).toMatch(/leaks\.test\.ts/);
  });
});

describe('a world sees what goes past its patch', () => {
  it.each<[string, RegExp, () => unknown]>([
    ['a timer captured before', /^Timeout/, () => captured.setTimeout(ignore, 1)],
    ['one that keeps nothing alive', /^Timeout/, () => captured.setTimeout(ignore, 1).unref()],
    ['an immediate captured before', /^Immediate/, () => captured.setImmediate(ignore)],
    ['a file function captured before', /^FSREQ/, () => captured.readFile('/etc/hosts', ignore)],
    ['a look-up captured before', /^GETADDRINFO/, () => captured.lookup('localhost', ignore)],
    [
      'a connect captured before',
      /^TCP/,
      () =>
        (captured.connect as (this: net.Socket, port: number, host: string) => net.Socket)
          .call(new net.Socket(), 1, '127.0.0.1')
          .on('error', ignore),
    ],
  ])('%s', async (_, api, reach) => {
    const { details } = await thrownBy(reach);
    expect(details.api).toMatch(api);
    expect(details.stack).toMatch(/leaks\.test\.ts/);
  });

  it('names the node', async () => {
    const run = simulate({ seed: 1 }, async (world) => {
      await world.node('reader', async () => void (await readFilePromise('/etc/hosts'))).ready;
    });
    await expect(run).rejects.toMatchObject({ code: 'Nondeterminism', details: { node: 'reader' } });
  });

  it('is not deceived by code that catches the error', async () => {
    await thrownBy(async () => {
      await readFilePromise('/etc/hosts').catch(ignore);
    });
  });
});

/** Everything that a world may touch, as it is now. */
function surface(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const modules = {
    globalThis,
    timers,
    timersPromises,
    fs,
    promises: fs.promises,
    net,
    http,
    dns,
    os,
    crypto,
    zlib,
    tls,
    process,
    Math,
    childProcess,
  };
  const more = {
    socket: net.Socket.prototype,
    server: net.Server.prototype,
    response: http.ServerResponse.prototype,
    date: Date,
    subtle: Object.getPrototypeOf(crypto.webcrypto.subtle),
    performance,
    atomics: Atomics,
    intl: Intl.DateTimeFormat.prototype,
    signal: AbortSignal,
    als: AsyncLocalStorage.prototype,
  };
  for (const [name, target] of Object.entries({ ...modules, ...more })) {
    for (const key of Reflect.ownKeys(target)) {
      // Node defines some members anew when they are first read.
      if (target === globalThis || target === crypto) void (target as Record<PropertyKey, unknown>)[key];
      const { value, get } = Object.getOwnPropertyDescriptor(target, key)!;
      if (typeof (value ?? get) === 'function') found.set(`${name}.${String(key)}`, value ?? get);
    }
  }
  for (const event of ['uncaughtException', 'unhandledRejection'])
    found.set(event, process.listeners(event as 'exit').length);
  return found;
}

describe('everything is put back', () => {
  const before = surface();
  const imported = randomUUID;
  it.each<[string, () => Promise<unknown>]>([
    ['after a world', () => simulate({ seed: 1 }, () => 1)],
    ['by turns too', () => simulate({ seed: 1, driver: 'by-turns' }, () => 1)],
    ['after a failure', () => simulate({ seed: 1 }, () => Promise.reject(new Error('no')))],
    ['after a leak', () => simulate({ seed: 1 }, () => readFilePromise('/')).catch(ignore)],
    [
      'after a bound',
      () => simulate({ seed: 1, maxEvents: 1 }, () => new Promise((resolve) => setTimeout(resolve, 1))).catch(ignore),
    ],
    [
      'after a check that throws',
      () =>
        simulate(
          {
            seed: 1,
            check: () => {
              throw new Error('check');
            },
          },
          () => 1,
        ).catch(ignore),
    ],
  ])('%s', async (_, run) => {
    await run();
    const after = surface();
    expect([...after].filter(([name, value]) => before.get(name) !== value).map(([name]) => name)).toEqual([]);
    expect(after.size).toBe(before.size);
    expect(imported()).not.toBe(imported());
  });

  it('lets code outside see the real machine between the turns of a world', async () => {
    const seen: number[] = [];
    const timer = setInterval(() => seen.push(Date.now()), 1);
    const run = await simulate({ seed: 1, driver: 'by-turns' }, async () => {
      for (let turn = 0; turn < 20_000; turn++) await timersPromises.setTimeout(1);
      return Date.now();
    });
    clearInterval(timer);
    const real = Date.now();
    expect(run.value).toBeLessThan(Date.UTC(2026, 0, 2));
    for (const at of seen) expect(Math.abs(real - at)).toBeLessThan(600_000);
  });
});

describe('one thread runs one world', () => {
  it('refuses a second one', async () => {
    const first = simulate({ seed: 1 }, () => 1);
    await expect(simulate({ seed: 2 }, () => 2)).rejects.toMatchObject({ code: 'WorldBusy' });
    expect((await first).value).toBe(1);
    expect((await simulate({ seed: 3 }, () => 3)).value).toBe(3);
  });
});
