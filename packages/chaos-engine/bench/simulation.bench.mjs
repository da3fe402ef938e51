// The simulator beside what a TypeScript team has today: virtual timers with promises (fake-timers' nextAsync) and a scheduler of promises
// (fast-check). One workload for all: chains of asynchronous steps that wait, do two awaits and wait again. Fake-timers keeps virtual time
// as we do, so both must end at the same instant; fast-check has no time, so there the steps of each chain are compared.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { explore, simulate } from '@tenstrip/chaos-engine';

const require = createRequire(import.meta.url);

function versionOf(name) {
  const file = require.resolve(name).replace(new RegExp(`(.*node_modules/${name})/.*`), '$1/package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

async function load(name) {
  try {
    return { module: await import(name), version: versionOf(name) };
  } catch {
    return { absent: `${name} is not installed: npm ci in packages/chaos-engine/bench` };
  }
}

/** The workload: `chains` chains of `steps` waits each; `later` waits. Resolves with the steps that each chain took. */
function chained(chains, steps, later) {
  const taken = new Array(chains).fill(0);
  const chain = async (index) => {
    for (let step = 0; step < steps; step++) {
      await later(1 + (((index * steps + step) * 7919) % 10_007));
      await 0;
      await 0;
      taken[index]++;
    }
  };
  return Promise.all(Array.from({ length: chains }, (_, index) => chain(index))).then(() => taken);
}

/** What a run came to: equal only when each chain took each step, and time ended at the same instant. */
function digest(taken, endMs) {
  return `${createHash('sha256').update(taken.join()).digest('hex')} at ${endMs}`;
}

async function simulated(chains, steps) {
  const run = await simulate({ seed: 1, maxEvents: 1e9, maxVirtualMs: 1e12 }, async () => {
    const taken = await chained(chains, steps, (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    return digest(taken, performance.now());
  });
  if (run.failure !== undefined) throw new Error(run.failure.message);
  return run.value;
}

function besideFakeTimers(chains, steps) {
  return {
    workload: `virtual timers and promises, ${chains.toLocaleString('en')} pending`,
    size: `${(chains * steps).toLocaleString('en')} events`,
    metric: 'cpu',
    target: { atMost: 1 / 20 },
    async prepare({ quick }) {
      const count = quick ? Math.ceil(steps / 5) : steps;
      const { module, version, absent } = await load('@sinonjs/fake-timers');
      const peer =
        absent === undefined
          ? {
              name: '@sinonjs/fake-timers nextAsync',
              version,
              async run() {
                const clock = module.default.createClock();
                let end;
                chained(chains, count, (ms) => new Promise((resolve) => clock.setTimeout(resolve, ms))).then(
                  (taken) => {
                    end = digest(taken, clock.now);
                  },
                );
                while (end === undefined) await clock.nextAsync();
                return end;
              },
            }
          : { name: '@sinonjs/fake-timers nextAsync', absent };
      return {
        ours: { run: () => simulated(chains, count) },
        peer,
        check(ours, theirs) {
          if (ours !== theirs) throw new Error(`the runs end differently: ${ours} and ${theirs}`);
          return 'every chain took every step, and time ended at the same instant';
        },
      };
    },
  };
}

function besideFastCheck(chains, steps) {
  return {
    workload: `a scheduler of promises, ${chains} pending`,
    size: `${(chains * steps).toLocaleString('en')} events`,
    metric: 'cpu',
    target: { atMost: 1 / 10 },
    async prepare({ quick }) {
      const count = quick ? Math.ceil(steps / 5) : steps;
      const { module, version, absent } = await load('fast-check');
      const peer =
        absent === undefined
          ? {
              name: 'fast-check scheduler',
              version,
              async run() {
                const fc = module.default;
                const [scheduler] = fc.sample(fc.scheduler(), { numRuns: 1, seed: 1 });
                let taken;
                chained(chains, count, () => scheduler.schedule(Promise.resolve())).then((steps_) => {
                  taken = steps_;
                });
                while (taken === undefined) await scheduler.waitIdle();
                return digest(taken, 0);
              },
            }
          : { name: 'fast-check scheduler', absent };
      return {
        ours: { run: () => simulated(chains, count) },
        peer,
        check(ours, theirs) {
          if (ours.split(' ')[0] !== theirs.split(' ')[0]) throw new Error(`steps differ: ${ours} and ${theirs}`);
          return 'every chain took every step';
        },
      };
    },
  };
}

/** CPU seconds of `work`, all threads; the best of three, as neighbours only ever add. */
async function cpuSeconds(work) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

function eventsPerSecond(chains, steps, target) {
  return {
    workload: `simulated events, ${chains.toLocaleString('en')} pending`,
    size: `${(chains * steps).toLocaleString('en')} events`,
    unit: 'million events per CPU second',
    ...(target && { target }),
    async measure({ quick }) {
      const count = quick ? Math.ceil(steps / 4) : steps;
      const seconds = await cpuSeconds(() => simulated(chains, count));
      return { value: (chains * count) / seconds / 1e6, checked: 'events of chains that took every step' };
    },
  };
}

/** Five nodes that pass messages around a ring until each has gone 200 hops: about a thousand events. */
async function ring(world) {
  let hops = 0;
  for (let index = 0; index < 5; index++) {
    world.node(`n${index}`, (env) => {
      env.onMessage((message) => {
        hops++;
        if (message.hops < 200) env.send(`n${(index + 1) % 5}`, { hops: message.hops + 1 });
      });
      setTimeout(() => env.send(`n${(index + 1) % 5}`, { hops: 1 }), 1);
    });
  }
  await world.clock.sleep(1000);
  if (hops !== 1000) throw new Error(`${hops} hops of 1000`);
}

const worldsPerMinute = {
  workload: 'worlds of five nodes and 1,000 messages',
  size: '300 worlds',
  unit: 'worlds per CPU minute',
  target: { atLeast: 10_000 },
  async measure({ quick }) {
    const worlds = quick ? 100 : 300;
    const seconds = await cpuSeconds(async () => {
      const { failure } = await explore({ worlds, swarm: false }, ring);
      if (failure !== undefined) throw new Error(failure.message);
    });
    return { value: (worlds * 60) / seconds, checked: 'every message went its 200 hops in every world' };
  },
};

async function requests(world) {
  await world.node('web', async () => {
    const server = http.createServer((request, response) => response.end(request.url));
    await new Promise((resolve) => server.listen(80, resolve));
  }).ready;
  const agent = new http.Agent({ keepAlive: true });
  for (let index = 0; index < 1000; index++) {
    await new Promise((resolve, reject) => {
      http
        .get({ host: 'web', port: 80, path: `/${index}`, agent }, (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () => (body === `/${index}` ? resolve() : reject(new Error(body))));
        })
        .on('error', reject);
    });
  }
}

const httpRequests = {
  workload: 'requests of unmodified node:http over simulated links',
  size: '1,000 requests on one connection',
  unit: 'requests per CPU second',
  async measure() {
    const seconds = await cpuSeconds(async () => {
      const { failure } = await simulate({ seed: 1 }, requests);
      if (failure !== undefined) throw new Error(failure.message);
    });
    return { value: 1000 / seconds, checked: 'every answer has the path that was asked for' };
  },
};

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  besideFakeTimers(100, 500),
  besideFakeTimers(5000, 10),
  besideFastCheck(100, 500),
  eventsPerSecond(100, 8000, { atLeast: 1 }),
  eventsPerSecond(5000, 160),
  worldsPerMinute,
  httpRequests,
];
