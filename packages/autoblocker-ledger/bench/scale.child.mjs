// A process that opens a large ledger and says what that takes: node --expose-gc scale.child.mjs <folder> <count> <family> <buckets>
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AutoblockerLedger } from '@tenstrip/autoblocker-ledger';
import { dotted } from './login-log.mjs';
import { networks, questions } from './networks.mjs';

const [folder, countText, family, bucketsText] = process.argv.slice(2);
const [count, buckets] = [Number(countText), Number(bucketsText)];

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const [cpu, wall] = [cpuSeconds(), performance.now()];
const ledger = await AutoblockerLedger.open({ folder });
const openCpuS = cpuSeconds() - cpu;
const openWallS = (performance.now() - wall) / 1000;

const liveBuckets = () => Object.values(ledger.statistics().buckets).reduce((sum, { live }) => sum + live, 0);

/** One failed login each from so many addresses as there shall be buckets. */
async function fillBuckets() {
  const logs = mkdtempSync(join(tmpdir(), 'tenstrip-bench-buckets-'));
  const line = (number) =>
    `2026-11-23T00:00:00Z web sshd[1]: Failed password for root from ${dotted(0xcb000000 + number)} port 22 ssh2\n`;
  try {
    let from = 0;
    for (let missing = 1000; missing > 0; ) {
      const log = join(logs, `${from}.log`);
      writeFileSync(log, Array.from({ length: missing }, (_, number) => line(from + number)).join(''));
      await ledger.readLogs([log]);
      from += missing;
      const live = liveBuckets();
      missing = Math.ceil((buckets - live) / (live / from));
    }
  } finally {
    rmSync(logs, { recursive: true });
  }
}

/**
 * At rest: what the process holds on to. V8 gives its young generation back, some 30 MB of garbage-to-be, at a collection
 * after seconds in which little was made; this one is asked for so that a run need not wait until V8 thinks of it.
 */
async function memoryAtRest() {
  global.gc();
  await setTimeout(6000);
  for (let time = 0; time < 4; time += 1) global.gc();
  const mb = (bytes) => Math.round((bytes / 2 ** 20) * 10) / 10;
  const { rss, heapUsed, heapTotal, arrayBuffers } = process.memoryUsage();
  const [, programKb] = /RssFile:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [0, 0];
  return {
    residentMb: rss / 2 ** 20,
    parts: { program: mb(programKb * 1024), heapUsed: mb(heapUsed), heap: mb(heapTotal), arrays: mb(arrayBuffers) },
  };
}

if (buckets > 0) {
  await fillBuckets();
  const { decisions } = ledger.statistics();
  const live = liveBuckets();
  process.stdout.write(JSON.stringify({ ...(await memoryAtRest()), active: decisions.active, live }));
} else {
  const list = Array.from(networks(count, family), ({ text }) => text);
  const asked = questions(list, 200_000, family);
  const blocked = () => asked.reduce((sum, address) => sum + Number(ledger.isBlocked(address) !== undefined), 0);
  const found = blocked();
  // The best of some rounds: what disturbs a look-up is not its own.
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 15; round += 1) {
    const before = cpuSeconds();
    blocked();
    best = Math.min(best, cpuSeconds() - before);
  }
  const size = Number(ledger.size);
  process.stdout.write(
    JSON.stringify({ openCpuS, openWallS, size, found, asked: asked.length, perSecond: asked.length / best }),
  );
}
await ledger.close();
