// Injects and reverts faults at random, several at once, until it is killed. Says `open REAPER_PID` first and then, whenever
// the number of active faults changes, that number. Arguments: folder, seed, and as JSON { pids, namespace, api }.

import { HostSurface } from '@tenstrip/chaos-engine';
import { ResourceGovernor, seededRandom } from '@tenstrip/shared-core';

const [folder, seed, targets] = process.argv.slice(2);
const { pids, namespace, api } = JSON.parse(targets);
const random = seededRandom(seed);
const governor = new ResourceGovernor();
const host = await HostSurface.open({
  folder,
  governor,
  policy: {
    processes: { pids },
    ...(namespace === undefined ? {} : { namespaces: [namespace] }),
    proxies: { db: api, cache: api },
    host: { cores: 1, bytes: 1 << 24 },
    blastRadius: { targets: 16 },
  },
});
process.stdout.write(`open ${host.reaperPid}\n`);

const toxic = (type, attributes) => ({
  kind: 'dependency.toxic',
  type,
  stream: 'upstream',
  toxicity: 1,
  attributes,
});
const choices = [
  ...pids.map((pid) => [{ pid }, { kind: 'process.pause', tree: true }]),
  ...(namespace === undefined
    ? []
    : [[{ namespace }, { kind: 'network.partition', peers: ['10.0.0.0/8'], oneWay: false }]]),
  [{ proxy: 'db' }, toxic('latency', { latency: 10 })],
  [{ proxy: 'cache' }, toxic('down', {})],
  [{ host: 'local' }, { kind: 'cpu.burn', cores: 1, percent: 5 }],
  [{ host: 'local' }, { kind: 'memory.fill', bytes: 1 << 22 }],
];

/** One of each kind comes and goes by itself, so that at any moment several are at different steps. */
async function comeAndGo([target, fault], index) {
  for (let round = 0; ; round++) {
    const own = random.stream(index, round);
    await governor.clock.sleep(own.integer(0, 30));
    const ttlMs = own.integer(0, 3) === 0 ? own.integer(1, 50) : 600_000;
    try {
      const active = await host.inject(target, fault, { ttlMs });
      process.stdout.write(`${fault.kind}\n`);
      await governor.clock.sleep(own.integer(0, 60));
      await active.revert();
    } catch (error) {
      // A time of a millisecond may be over before the fault is applied, and its target busy until it is let go.
      if (error.code !== 'OptionsInvalid' && error.code !== 'TargetBusy') throw error;
    }
  }
}
await Promise.all(choices.map(comeAndGo));
