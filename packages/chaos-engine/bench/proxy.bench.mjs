// Our TCP proxy beside Toxiproxy's server, each a process of its own between the same client and the same upstream, driven over
// the same HTTP API. CPU time is that of the proxy's process. TENSTRIP_TOXIPROXY names the program of Toxiproxy's server.
import { absentToxiproxy, startEnds, startOurs, startToxiproxy, toxiproxyProgram } from './proxy/proxies.mjs';

/**
 * A job done through both.
 *
 * @param {'source' | 'echo'} upstream
 * @param {(quick: boolean) => object} job
 * @param {readonly object[]} [toxics]
 */
function throughBoth(upstream, job, toxics = []) {
  return async ({ quick }) => {
    const ends = await startEnds();
    const sideOf = async (server) => {
      const port = await server.proxy(ends.ports[upstream], toxics);
      let cpuMs = 0;
      const run = async () => {
        const before = server.cpuMs();
        const result = await ends.ask({ ...job(quick), port });
        cpuMs = server.cpuMs() - before;
        return result;
      };
      return { run, childCpuMs: () => cpuMs, port };
    };
    const servers = [await startOurs()];
    if (toxiproxyProgram !== undefined) servers.push(await startToxiproxy());
    const [ours, theirs] = await Promise.all(servers.map(sideOf));
    return {
      ours,
      peer: theirs === undefined ? absentToxiproxy : { name: 'Toxiproxy', version: 'server', ...theirs },
      async check(a, b) {
        if (a.bytes !== b.bytes) throw new Error(`${a.bytes} and ${b.bytes} bytes came through`);
        if (upstream === 'echo') return `${a.bytes} bytes through both`;
        const hashOf = ({ port }) => ends.ask({ job: 'download', port, bytes: 10_000_000, hash: true });
        const [one, other] = [await hashOf(ours), await hashOf(theirs)];
        if (one.sha256 !== other.sha256) throw new Error('other bytes came through');
        return 'same SHA-256 of 10 MB through both';
      },
      dispose() {
        ends.stop();
        for (const server of servers) server.stop();
      },
    };
  };
}

const gibibyte = 2 ** 30;
const download = (quick) => ({ job: 'download', bytes: quick ? gibibyte / 8 : gibibyte });
const roundTrips = (size, count) => (quick) => ({ job: 'roundTrips', size, count: quick ? count / 10 : count });

/** What a delay of 10 ms is longer than 10 ms, in the median, without what the way takes without it when all have slept 10 ms too. */
async function delayError(precision, quick) {
  const ends = await startEnds();
  const server = await startOurs(precision);
  try {
    const job = { job: 'roundTrips', size: 64, count: quick ? 50 : 300 };
    const plain = await ends.ask({ ...job, pauseMs: 10, port: await server.proxy(ends.ports.echo) });
    const slow = { type: 'latency', attributes: { latency: 10 } };
    const { medianMs } = await ends.ask({ ...job, port: await server.proxy(ends.ports.echo, [slow]) });
    return { value: medianMs - plain.medianMs - 10, checked: `median of ${job.count} round trips` };
  } finally {
    ends.stop();
    server.stop();
  }
}

/** @type {import('../../../tools/bench/workload.mjs').Workload[]} */
export default [
  {
    workload: 'proxy: throughput of a download',
    size: '1 GiB, no toxics',
    metric: 'speedup',
    target: { atLeast: 1.5 },
    prepare: throughBoth('source', download),
  },
  {
    workload: 'proxy: CPU of a download',
    size: '1 GiB, no toxics',
    metric: 'cpu',
    target: { atMost: 1 },
    prepare: throughBoth('source', download),
  },
  {
    workload: 'proxy: CPU of round trips',
    size: '20,000 of 64 bytes, one connection',
    metric: 'cpu',
    target: { atMost: 1 },
    prepare: throughBoth('echo', roundTrips(64, 20_000)),
  },
  {
    workload: 'proxy: time of round trips',
    size: '20,000 of 64 bytes, one connection',
    metric: 'speedup',
    prepare: throughBoth('echo', roundTrips(64, 20_000)),
  },
  {
    workload: 'proxy: CPU of connections',
    size: '2,000 with a message of 64 bytes each',
    metric: 'cpu',
    prepare: throughBoth('echo', (quick) => ({ job: 'connections', count: quick ? 200 : 2_000 })),
  },
  {
    workload: 'proxy: throughput under a latency of 10 ms',
    size: '1 GiB',
    metric: 'speedup',
    target: { atLeast: 1 },
    prepare: throughBoth('source', download, [{ type: 'latency', attributes: { latency: 10 } }]),
  },
  {
    workload: 'proxy: what a delay of 10 ms is too long, by the timers of the system',
    size: 'median of round trips of 64 bytes',
    unit: 'ms',
    measure: ({ quick }) => delayError('timer', quick),
  },
  {
    workload: 'proxy: the same with `precision: exact`',
    size: 'median of round trips of 64 bytes',
    unit: 'ms',
    target: { atMost: 0.2 },
    measure: ({ quick }) => delayError('exact', quick),
  },
];
