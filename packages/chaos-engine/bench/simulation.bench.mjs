// The simulator beside what a TypeScript team has today: virtual timers with promises (fake-timers' nextAsync) and a scheduler of promises
// (fast-check). One workload for all: jobs that do something and wait again, either at once (timers) or after two awaits (timers and
// promises). Fake-timers keeps virtual time as we do, so both must end at the same instant, each job having run as often; fast-check has
// no time and picks by chance, so there the jobs are counted. The awaits cost the same on all sides, so they bound how far apart the sides
// can be: what the jobs cost alone, in the same order but without timers, is a row of its own, and the rows with awaits say how far that is.
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

/** A job that calls `done` at once. */
const atOnce = (done) => done;

/** A job that calls `done` after two awaits. */
const afterAwaits = (done) => async () => {
  await 0;
  await 0;
  done();
};

/**
 * The workload: `pending` jobs, each of which waits again when it is done, until `events` are done; `wait` calls back after some
 * milliseconds, and is told the number of the job. Resolves with how often each job ran.
 */
function jobs(pending, events, make, wait) {
  return new Promise((resolve) => {
    const ran = new Array(pending).fill(0);
    let left = events;
    const start = (index) => {
      const job = make(() => {
        ran[index]++;
        if (--left === 0) resolve(ran);
        else if (left > 0) wait(1 + ((left * 7919) % 10_007), job, index);
      });
      wait(1 + index, job, index);
    };
    for (let index = 0; index < pending; index++) start(index);
  });
}

/** What a run came to: equal only when each job ran as often, and time ended at the same instant. */
function digest(ran, endMs) {
  return `${createHash('sha256').update(ran.join()).digest('hex')} at ${endMs}`;
}

async function simulated(pending, events, make) {
  const run = await simulate({ seed: 1, maxEvents: 1e9, maxVirtualMs: 1e12 }, async () =>
    digest(await jobs(pending, events, make, (ms, job) => setTimeout(job, ms)), performance.now()),
  );
  if (run.failure !== undefined) throw new Error(run.failure.message);
  return run.value;
}

/** The numbers of the jobs in the order in which they come up. */
async function orderOf(pending, events) {
  const order = new Uint16Array(events);
  let place = 0;
  const wait = (ms, job, index) => {
    const come = () => {
      order[place++] = index;
      job();
    };
    setTimeout(come, ms);
  };
  await simulate({ seed: 1, maxEvents: 1e9, maxVirtualMs: 1e12 }, () => jobs(pending, events, atOnce, wait));
  return order;
}

/**
 * Seconds of CPU time that the jobs of two awaits take with nothing around them: each in its turn, and Node empties its queue of
 * promises after each. Whatever keeps time for them pays that too.
 */
async function secondsAlone(pending, events) {
  const order = await orderOf(pending, events);
  const drain = process._tickCallback;
  const run = () => {
    const waiting = new Array(pending);
    const ran = jobs(pending, events, afterAwaits, (_, job, index) => {
      waiting[index] = job;
    });
    for (let place = 0; place < order.length; place++) {
      waiting[order[place]]();
      drain.call(process);
    }
    return ran;
  };
  return await cpuSeconds(async () => {
    // It empties its queues only for who comes from the event loop.
    const ran = await new Promise((resolve) => setImmediate(() => resolve(run())));
    if (ran.reduce((sum, each) => sum + each, 0) !== events) throw new Error('not every job ran');
  });
}

function besideFakeTimers(what, make, pending, events) {
  return {
    workload: `${what}, ${pending.toLocaleString('en')} pending`,
    size: `${events.toLocaleString('en')} events`,
    metric: 'cpu',
    target: { atMost: 1 / 20 },
    async prepare({ quick }) {
      const count = quick ? events / 4 : events;
      const { module, version, absent } = await load('@sinonjs/fake-timers');
      const name = '@sinonjs/fake-timers nextAsync';
      const run = async () => {
        const clock = module.default.createClock();
        let end;
        jobs(pending, count, make, (ms, job) => clock.setTimeout(job, ms)).then((ran) => {
          end = digest(ran, clock.now);
        });
        while (end === undefined) await clock.nextAsync();
        return end;
      };
      return {
        ours: { run: () => simulated(pending, count, make) },
        peer: absent === undefined ? { name, version, run } : { name, absent },
        async check(ours, theirs) {
          if (ours !== theirs) throw new Error(`the runs end differently: ${ours} and ${theirs}`);
          const checked = 'every job ran as often, and time ended at the same instant';
          if (make === atOnce) return checked;
          const alone = await secondsAlone(pending, count);
          const most = (await cpuSeconds(run, 1)) / alone;
          const each = ((alone * 1e9) / count).toFixed(0);
          return `${checked}; a job alone takes ${each} ns on both sides, so that nobody can be beyond ${most.toFixed(1)} times`;
        },
      };
    },
  };
}

function besideFastCheck(pending, events) {
  return {
    workload: `a scheduler of promises, ${pending} pending`,
    size: `${events.toLocaleString('en')} events`,
    metric: 'cpu',
    target: { atMost: 1 / 10 },
    async prepare({ quick }) {
      const count = quick ? events / 4 : events;
      const { module, version, absent } = await load('fast-check');
      const name = 'fast-check scheduler';
      const run = async () => {
        const fc = module.default;
        const [scheduler] = fc.sample(fc.scheduler(), { numRuns: 1, seed: 1 });
        let ran;
        jobs(pending, count, afterAwaits, (_, job) => void scheduler.schedule(Promise.resolve()).then(job)).then(
          (all) => {
            ran = all;
          },
        );
        while (ran === undefined) await scheduler.waitIdle();
        return ran.reduce((sum, each) => sum + each, 0);
      };
      return {
        ours: { run: () => simulated(pending, count, afterAwaits).then(() => count) },
        peer: absent === undefined ? { name, version, run } : { name, absent },
        check(ours, theirs) {
          // Its jobs come in another order, and may go beyond the last by those that were ready.
          if (Math.abs(ours - theirs) > pending) throw new Error(`${ours} and ${theirs} jobs ran`);
          return 'as many jobs ran';
        },
      };
    },
  };
}

/** CPU seconds of `work`, all threads; the best of `rounds`, as neighbours only ever add. */
async function cpuSeconds(work, rounds = 3) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

function eventsPerSecond(pending, events, target) {
  return {
    workload: `simulated events, ${pending.toLocaleString('en')} pending`,
    size: `${events.toLocaleString('en')} events`,
    unit: 'million events per CPU second',
    ...(target && { target }),
    async measure({ quick }) {
      const count = quick ? events / 4 : events;
      const seconds = await cpuSeconds(() => simulated(pending, count, afterAwaits));
      return { value: count / seconds / 1e6, checked: 'events of jobs that all ran' };
    },
  };
}

function jobsAlone(pending, events) {
  return {
    workload: `jobs of two awaits alone, without timers, ${pending.toLocaleString('en')} pending`,
    size: `${events.toLocaleString('en')} jobs`,
    unit: 'ns of CPU time a job',
    async measure({ quick }) {
      const count = quick ? events / 4 : events;
      return { value: ((await secondsAlone(pending, count)) * 1e9) / count, checked: 'every job ran' };
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
  besideFakeTimers('virtual timers', atOnce, 100, 400_000),
  besideFakeTimers('virtual timers', atOnce, 5000, 400_000),
  besideFakeTimers('virtual timers and promises', afterAwaits, 100, 400_000),
  besideFakeTimers('virtual timers and promises', afterAwaits, 5000, 400_000),
  jobsAlone(100, 400_000),
  jobsAlone(5000, 400_000),
  besideFastCheck(100, 200_000),
  eventsPerSecond(100, 1_000_000, { atLeast: 1 }),
  eventsPerSecond(5000, 1_000_000),
  worldsPerMinute,
  httpRequests,
];
