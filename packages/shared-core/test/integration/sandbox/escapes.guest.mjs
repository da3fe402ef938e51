// One function an attempt to get out of an isolate. Each returns its loot when it succeeds, and throws when it does not.
// `target` names what the host guards: a file, sockets, a process, an environment variable.
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import inspector from 'node:inspector';
import module from 'node:module';
import net from 'node:net';
import { dirname } from 'node:path';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';

const raw = (payload) => {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, payload.length, true);
  writeAll(Buffer.concat([header, payload]));
};
const writeAll = (bytes, descriptor = 3) => {
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += fs.writeSync(descriptor, bytes, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
};
const forged = (json) => {
  const text = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text]);
};
const connected = (...where) =>
  new Promise((fulfil, reject) => {
    const socket = net.connect(...where, () => {
      socket.destroy();
      fulfil('connected');
    });
    socket.on('error', reject);
  });
const forever = () => new Promise((fulfil) => setTimeout(fulfil, 60_000));

export const readFileSync = ({ file }) => fs.readFileSync(file, 'utf8');
export const readFilePromise = ({ file }) => fs.promises.readFile(file, 'utf8');
export const readStream = async ({ file }) => (await fs.createReadStream(file).toArray()).join('');
export const openFile = ({ file }) => fs.openSync(file, 'r');
export const listFolder = ({ file }) => fs.readdirSync(dirname(file));
export const statFile = ({ file }) => fs.statSync(file).size;
export const readProc = () => fs.readFileSync('/proc/self/environ', 'utf8') || 'read';
export const writeFile = ({ file }) => fs.writeFileSync(file, 'escaped') ?? 'written';
export const copyFile = ({ file }) => fs.copyFileSync(file, `${file}.copy`) ?? 'copied';
export const linkFile = ({ file }) => fs.symlinkSync(file, `${file}.link`) ?? 'linked';
export const removeFile = ({ file }) => fs.rmSync(`${file}.spare`) ?? 'removed';
export const binding = () => typeof process.binding('fs').open;
export const nativeAddon = ({ addon }) => process.dlopen({ exports: {} }, addon) ?? 'loaded';
export const requireAddon = ({ addon }) => typeof module.createRequire(import.meta.url)(addon);
export const spawnProgram = ({ file }) =>
  childProcess.spawnSync('cat', [file], { encoding: 'utf8' }).stdout || fail('no output');
export const execShell = () => childProcess.execSync('id -u', { encoding: 'utf8' });
export const workerThread = ({ file }) =>
  new Promise((fulfil, reject) => {
    const code = `require('worker_threads').parentPort.postMessage(require('fs').readFileSync(${JSON.stringify(file)}, 'utf8'))`;
    const worker = new Worker(code, { eval: true, env: {}, execArgv: [] });
    worker.on('message', fulfil).on('error', reject);
  });
export const wasi = async ({ file }) => {
  const { WASI } = await import('node:wasi');
  const host = new WASI({ version: 'preview1', preopens: { '/': dirname(file) } });
  return typeof host.getImportObject().wasi_snapshot_preview1.path_open;
};
export const inspectorSession = async () => {
  const session = new inspector.Session();
  session.connect();
  return new Promise((fulfil, reject) =>
    session.post('Runtime.evaluate', { expression: 'process.pid' }, (error, { result } = {}) =>
      error ? reject(error) : fulfil(String(result.value)),
    ),
  );
};
export const functionConstructor = (_target, context) =>
  (context?.use ?? fail).constructor('return process.mainModule ?? process.version')();
export const evalCode = () => Reflect.get(globalThis, 'eval')('process.version');
export const prototypeOfResult = () => JSON.parse('{"__proto__":{"polluted":true},"a":1}');
export const prototypeForged = () => {
  raw(forged('{"type":"result","call":1,"elapsedMs":0,"value":{"__proto__":{"polluted":true}}}'));
  return forever();
};
export const constructorPollution = () => {
  raw(forged('{"type":"request","request":1,"capability":"__proto__","method":"constructor","args":[]}'));
  raw(forged('{"type":"failed","call":1,"error":{"name":"E","message":{"toString":1},"__proto__":{"polluted":true}}}'));
  return forever();
};
export const environment = ({ variable }) => process.env[variable] ?? fail(`the environment has no ${variable}`);
export const tcp = ({ port }) => connected(port, '127.0.0.1');
export const httpFetch = async ({ port }) => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).status;
  } catch (error) {
    throw error.cause ?? error;
  }
};
export const udp = ({ port }) =>
  new Promise((fulfil, reject) => {
    const socket = dgram.createSocket('udp4');
    socket.send('escaped', port, '127.0.0.1', (error) => {
      socket.close();
      error ? reject(error) : fulfil('sent');
    });
  });
export const unixSocket = ({ socket }) => connected(socket);
export const abstractSocket = ({ abstract }) => connected(abstract);
export const killParent = () => process.kill(process.ppid, 'SIGKILL') && 'sent';
export const killGroup = () => process.kill(0, 'SIGKILL') && 'sent';
export const killVictim = ({ pid }) => process.kill(pid, 'SIGKILL') && 'sent';
export const exitProcess = () => process.exit(0);
export const abortProcess = () => process.abort();
export const becomeRoot = () => process.setuid(process.getuid()) ?? 'set';
export const v8Flags = () => v8.setFlagsFromString('--allow-natives-syntax') ?? 'set';
export const heapSnapshot = ({ file }) => v8.writeHeapSnapshot(`${file}.heapsnapshot`);
export const infiniteLoop = () => {
  for (;;);
};
export const microtaskLoop = async () => {
  for (;;) await undefined;
};
export const regexLoop = () => /^(a+)+$/.test(`${'a'.repeat(60)}b`);
export const heapBomb = () => {
  const held = [];
  for (;;) held.push({ held: [held.length] });
};
export const bufferBomb = () => {
  const held = [];
  for (;;) held.push(new Uint8Array(1 << 20).fill(1));
};
export const messageFlood = () => {
  const message = forged('{"type":"request","request":1,"capability":"none","method":"none","args":[]}');
  for (;;) raw(message);
};
export const requestFlood = async (_target, context) => {
  for (;;) {
    const reading = context.use('fs.read');
    await Promise.all(Array.from({ length: 100 }, () => reading.resolve('/').catch(() => undefined)));
  }
};
export const consoleFlood = () => {
  const line = Buffer.from(`${'x'.repeat(60_000)}\n`);
  for (;;) writeAll(line, 1);
};
export const hugeResult = () => 'x'.repeat(20 << 20);
export const hugeFrame = () => {
  writeAll(Uint8Array.of(0xff, 0xff, 0xff, 0x7f));
  return forever();
};
export const emptyFrame = () => {
  writeAll(new Uint8Array(4));
  return forever();
};
export const garbage = () => {
  raw(Buffer.from([1, 2, 3, 4, 5, 6]));
  return forever();
};
export const deepNesting = () => {
  raw(forged(`{"type":"result","call":1,"elapsedMs":0,"value":${'['.repeat(100_000)}${']'.repeat(100_000)}}`));
  return forever();
};
export const strangerResult = () => {
  raw(forged('{"type":"result","call":77,"elapsedMs":0,"value":1}'));
  return forever();
};
export const ungrantedUse = (_target, context) => context.use('fs.write');
export const linkOutOfGrant = ({ linkToFile }, context) => context.use('fs.read').read(linkToFile);
export const dotsOutOfGrant = ({ file, granted }, context) =>
  context.use('fs.read').read(`${granted}/..${file.slice(dirname(granted).length)}`);
export const forgedMethod = (_target, context) => {
  raw(forged('{"type":"request","request":900,"capability":"fs.read","method":"__proto__","args":[]}'));
  return context.use('fs.read').resolve('/etc');
};

function fail(message) {
  throw new Error(message);
}
