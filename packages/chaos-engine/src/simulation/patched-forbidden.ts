// What a world has not: asynchronous files, child processes, threads, name servers, TLS, and whatever Node does on its thread pool.
// Calling it throws `Nondeterminism` where it is called, and ends the world even if that is caught. Reading a file synchronously
// is let through: what code is made of is read so.

import childProcess from 'node:child_process';
import cluster from 'node:cluster';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import http2 from 'node:http2';
import tls from 'node:tls';
import workerThreads from 'node:worker_threads';
import zlib from 'node:zlib';
import type { AnyFunction, Patch } from './runtime-patch.js';
import type { World } from './world.js';

/** Synchronous, but they change what the next run finds. */
const writingSync =
  /^(appendFile|chmod|chown|copyFile|cp|fchmod|fchown|ftruncate|futimes|link|lchmod|lchown|lutimes|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|utimes|writeFile)Sync$/;
const cryptoThreads =
  /^(argon2|checkPrime|encapsulate|decapsulate|generateKey|generateKeyPair|generatePrime|hkdf|pbkdf2|scrypt)$/;
const cryptoChance = /^(generateKeyPairSync|generateKeySync|generatePrimeSync)$/;

/** Puts errors in place of what would reach the machine. */
export function patchForbidden(patch: Patch): void {
  const forbid = (name: string, target: object, keys: Iterable<string>): void => {
    for (const key of keys) forbidMember(patch, `${name}.${key}`, target, key);
  };
  const namesOf = (target: object): string[] => Object.getOwnPropertyNames(target);
  const functionsOf = (target: object): string[] =>
    namesOf(target).filter((key) => typeof Object.getOwnPropertyDescriptor(target, key)?.value === 'function');

  const fsNames = functionsOf(fs);
  forbid(
    'fs',
    fs,
    fsNames.filter((key) => fsNames.includes(`${key}Sync`) || writingSync.test(key)),
  );
  forbid('fs', fs, ['createReadStream', 'createWriteStream', 'watch', 'watchFile', 'openAsBlob', 'glob']);
  forbid('fs.promises', fs.promises, functionsOf(fs.promises));
  forbid(
    'child_process',
    childProcess,
    functionsOf(childProcess).filter((key) => !/^[A-Z_]/.test(key)),
  );
  forbid('worker_threads', workerThreads, ['Worker', 'MessageChannel', 'BroadcastChannel']);
  forbid('globalThis', globalThis, ['MessageChannel', 'BroadcastChannel']);
  forbid('cluster', cluster, ['fork']);
  forbid('dgram', dgram, ['createSocket']);
  forbid('tls', tls, ['connect', 'createServer']);
  forbid('http2', http2, ['connect', 'createServer', 'createSecureServer']);
  forbid(
    'dns',
    dns,
    functionsOf(dns).filter((key) => /^(resolve|reverse|lookupService)/.test(key)),
  );
  forbid(
    'dns.promises',
    dns.promises,
    functionsOf(dns.promises).filter((key) => /^(resolve|reverse|lookupService)/.test(key)),
  );
  const zlibNames = functionsOf(zlib);
  forbid(
    'zlib',
    zlib,
    zlibNames.filter((key) => zlibNames.includes(`${key}Sync`) || /^create/.test(key)),
  );
  forbid(
    'crypto',
    crypto,
    functionsOf(crypto).filter((key) => cryptoThreads.test(key) || cryptoChance.test(key)),
  );
  forbid(
    'crypto.subtle',
    Object.getPrototypeOf(crypto.webcrypto.subtle),
    functionsOf(crypto.webcrypto.subtle.constructor.prototype).filter((key) => key !== 'constructor'),
  );
  forbid('Atomics', Atomics, ['wait', 'waitAsync']);
  forbid('process', process, ['kill']);
  for (const key of ['sign', 'verify', 'diffieHellman']) forbidCallback(patch, `crypto.${key}`, crypto, key);
  compileAtOnce(patch);
}

function forbidMember(patch: Patch, api: string, target: object, key: string): void {
  patch.wrap(
    target,
    key,
    (world) =>
      function forbidden() {
        throw reached(world, api, forbidden);
      },
  );
}

/** Synchronous without a callback, on the thread pool with one. */
function forbidCallback(patch: Patch, api: string, target: object, key: string): void {
  patch.wrap(
    target,
    key,
    (world, original) =>
      function forbidden(this: unknown, ...given: never[]) {
        if (typeof given.at(-1) === 'function') throw reached(world, api, forbidden);
        return original.apply(this, given);
      },
  );
}

/** The error of a call that reached the machine; its stack begins with the caller. */
function reached(world: World, api: string, caller: AnyFunction): Error {
  const place: { stack: string } = { stack: '' };
  Error.captureStackTrace(place, caller);
  return world.nondeterminism(api, place.stack);
}

/** What of WebAssembly is used here; Node's types leave it out. */
interface Compiler {
  readonly Module: new (bytes: unknown) => object;
  readonly Instance: new (module: object, imports?: unknown) => object;
}

/** WebAssembly is compiled in a thread of V8's; in a world at once. @internal */
export function compileAtOnce(patch: Patch): void {
  const compiler = (globalThis as unknown as { WebAssembly: Compiler }).WebAssembly;
  const { Module, Instance } = compiler;
  patch.replace(compiler, 'compile', async (bytes: unknown) => new Module(bytes));
  patch.replace(compiler, 'instantiate', async (given: unknown, imports?: unknown) => {
    if (given instanceof Module) return new Instance(given, imports);
    const module = new Module(given);
    return { module, instance: new Instance(module, imports) };
  });
}
