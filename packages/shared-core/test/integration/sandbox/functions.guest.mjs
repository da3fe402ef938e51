// An ordinary module for isolates.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

let calls = 0;

export const echo = (input) => input;
export const add = ({ a, b }) => a + b;
export const count = () => ++calls;
export const sleep = (ms) => new Promise((fulfil) => setTimeout(fulfil, ms, 'slept'));
export const print = (text) => console.log(text);
export const fail = (message) => {
  throw new TypeError(message);
};
export const loop = () => {
  for (;;);
};
export const heapBomb = () => {
  const held = [];
  for (;;) held.push({ held: [held.length] });
};
export const notAFunction = 1;

export const readText = async (path, context) => new TextDecoder().decode(await context.use('fs.read').read(path));
export const readMany = async (path, context) => {
  const reading = context.use('fs.read');
  const read = await Promise.all(Array.from({ length: 100 }, () => reading.read(path)));
  return read.reduce((sum, bytes) => sum + bytes.length, 0);
};
export const writeText = async ({ path, text }, context) => context.use('fs.write').write(path, text);
export const fetchText = async (url, context) => {
  const response = await context.use('net').fetch(url, { method: 'POST', body: 'asked' });
  return [response.status, response.headers.get('x-answer'), await response.text()];
};
export const run = async ({ program, args, input }, context) => {
  const { code, stdout } = await context.use('process').run(program, args, { input: new TextEncoder().encode(input) });
  return [code, new TextDecoder().decode(stdout)];
};
export const variables = (_input, context) => ({ ...context.use('env') });

/** All that should be the operation's in a deterministic isolate. */
export const world = async () => {
  const started = Date.now();
  const order = [];
  const interval = setInterval(() => order.push('interval'), 400);
  setTimeout(() => order.push('late'), 1000);
  setTimeout(() => order.push('early'), 10);
  setImmediate(() => order.push('immediate'));
  await wait(1500);
  clearInterval(interval);
  const aborted = AbortSignal.timeout(50);
  await new Promise((fulfil) => aborted.addEventListener('abort', fulfil));
  return {
    order,
    elapsed: Date.now() - started,
    clocks: [started, performance.now(), process.hrtime.bigint(), process.uptime(), new Date().toISOString(), Date()],
    intl: new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'UTC' }).format(),
    throughInstance: new new Date(0).constructor().getTime(),
    chance: [Math.random(), randomInt(1000), randomBytes(4).toString('hex'), crypto.randomUUID()],
    web: crypto.getRandomValues(new Uint8Array(4)),
    hash: createHash('sha256').update('x').digest('hex').slice(0, 8),
  };
};
