// Ways to reach real time, real chance or the host from a deterministic isolate.
import * as crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';

export const otherRealm = () => vm.runInNewContext('Date.now()');
export const hostName = () => os.hostname();
export const memory = () => process.memoryUsage().heapUsed;
export const cpu = () => process.cpuUsage().user;
export const heapStatistics = () => v8.getHeapStatistics().used_heap_size;
export const collected = () => new WeakRef({}).deref();
export const blockingWait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
export const keyPair = () => crypto.generateKeyPairSync('ed25519').publicKey;
export const webKey = () => globalThis.crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
export const threadPool = () => crypto.pbkdf2('a', 'b', 1, 16, 'sha256', () => undefined);
export const zlibPool = () => zlib.gzip('x', () => undefined);
export const observer = () => new PerformanceObserver(() => undefined);
export const fileTime = () => fs.statSync(new URL(import.meta.url)).mtimeMs;
export const thread = () => new Worker('', { eval: true });
export const consoleTimer = () => console.time('x');
export const network = () => fetch('http://127.0.0.1/');
export const swallowed = () => {
  try {
    os.uptime();
  } catch {
    return 'nothing happened';
  }
};
