// From lines of a log to decisions in a durable ledger, beside CrowdSec with the same rules.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutoblockerLedger, compileRules } from '@tenstrip/autoblocker-ledger';
import { PatternDetector } from '../dist/scenarios/index.js';
import { Crowdsec, crowdsecAbsent, timedCpuMs, versionOf } from './crowdsec.mjs';
import { loginLog } from './login-log.mjs';
import { hubRules, rulesBeside } from './rules.mjs';

/** Overflows before any rail, as texts of scenario and source: what the detector says to the lines of a log. */
function overflowsOf(rules, log) {
  const parser = rules.lineParser(log, { newestTime: () => Date.UTC(2027, 0, 1), utcOffsetMinutes: 0 });
  const detector = new PatternDetector(rules.scenarios, 200_000);
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.flatMap((text) => {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    const overflows = event === undefined ? [] : detector.offer(event);
    return overflows.map(({ scenario, events }) => `${scenario.name} ${scenario.sourceOf(events.at(-1))?.value}`);
  });
}

/** Parses lines and offers their events to the detector. */
function observedBy(rules, lines) {
  const parser = rules.lineParser('auth.log', { newestTime: () => Date.UTC(2027, 0, 1), utcOffsetMinutes: 0 });
  const detector = new PatternDetector(rules.scenarios, 200_000);
  const seen = { events: 0, overflows: 0 };
  for (const text of lines) {
    const event = parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    if (event === undefined) continue;
    seen.events += 1;
    seen.overflows += detector.offer(event).length;
  }
  return seen;
}

/** The CPU time of some work in milliseconds, the middle of nine. */
async function medianCpuMs(work) {
  const times = [];
  for (let time = 0; time < 9; time += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times.sort((one, other) => one - other)[4];
}

/** How many there are of each scenario. */
function countsOf(overflows) {
  const counts = {};
  for (const overflow of overflows) counts[overflow.split(' ')[0]] = (counts[overflow.split(' ')[0]] ?? 0) + 1;
  return JSON.stringify(Object.entries(counts).sort());
}

/** A comparison without its peer. */
function alone(dispose) {
  const peer = { name: 'crowdsec', absent: crowdsecAbsent };
  return { ours: { run: () => 0 }, peer, check: () => '', dispose };
}

/** Throws unless both found the same in a log. `reported`: what a ledger counts in it. */
async function checkOverflows(rules, log, crowdsec, reported) {
  const theirs = (await crowdsec.overflows()).sort();
  const ours = overflowsOf(rules, log).sort();
  if (ours.length === 0 || ours.join('\n') !== theirs.join('\n')) {
    const differ = [...ours.filter((key) => !theirs.includes(key)), ...theirs.filter((key) => !ours.includes(key))];
    throw new Error(`overflows differ: ${ours.length} and ${theirs.length}; ${differ.slice(0, 10).join(', ')}`);
  }
  // The ledger's own rules over networks and domains have no peer; they are work on our side alone.
  const byRules = JSON.stringify(
    Object.entries(reported)
      .filter(([name]) => !name.startsWith('tenstrip/'))
      .sort(),
  );
  if (byRules !== countsOf(ours)) throw new Error(`the ledger counts ${byRules}`);
  return ours.length;
}

/** Says what a line cost on either side, from the CPU times of runs in milliseconds. */
function sayPerLine(lines, ours, theirs) {
  const middle = (times) => ((times.sort((one, other) => one - other)[times.length >> 1] ?? 0) * 1000) / lines;
  const best = (times) => (Math.min(...times) * 1000) / lines;
  const side = (times) => `${middle(times).toFixed(1)} µs (best ${best(times).toFixed(1)})`;
  if (ours.length > 0)
    console.error(`  a line costs us ${side(ours)}, crowdsec ${side(theirs)}; load ${loadavg()[0].toFixed(1)}`);
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Reads of the log before the measurement. */
const warmUps = 12;

export default [
  {
    workload: "sshd log to durable decisions by the hub's rules",
    // Half a second is all that the lines take here, and half a minute there: after that, in which crowdsec has the caches and
    // the collector throws away what lies idle, a single reading measures the return to work rather than a service that reads on. So
    // our side reads the lines five times in a run, each time into a ledger of its own, and the mean is counted.
    size: '100,000 lines (5,000 with --quick)',
    metric: 'cpu',
    target: { atMost: 1 / 50 },
    async prepare({ quick }) {
      const lines = quick ? 5000 : 100_000;
      const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-logs-'));
      const dispose = () => rmSync(folder, { recursive: true });
      if (crowdsecAbsent !== undefined) return alone(dispose);
      const crowdsec = await Crowdsec.prepare();
      const log = join(folder, 'auth.log');
      const empty = join(folder, 'empty.log');
      writeFileSync(log, loginLog(lines));
      writeFileSync(empty, '');
      const rules = compileRules(await hubRules(crowdsec.rulesFolder), { strict: true });
      let runs = 0;
      const read = async (file) => {
        runs += 1;
        const options = { folder: join(folder, `ledger-${runs}`), time: 'events', rules };
        const ledger = await AutoblockerLedger.open(options);
        const report = await ledger.readLogs([file]);
        await ledger.close();
        return report;
      };
      // A line in a service that runs is compared. CrowdSec is compiled beforehand, we while we run: so our side has read the log
      // before, and one ledger stays open as a service's does, without which the collection of garbage that comes before each
      // measurement would throw away the code that was compiled. The next workload counts all of that.
      const service = await AutoblockerLedger.open({ folder: 'memory:', time: 'events', rules });
      await service.readLogs([log]);
      for (let time = 0; time < warmUps; time += 1) await read(log);
      // Starting takes crowdsec a second of CPU time, whatever it reads; the same is taken off our side.
      const startMs = await crowdsec.read(empty);
      const ourStartMs = await medianCpuMs(() => read(empty));
      const spent = { ours: [], theirs: [] };
      const readings = quick ? 1 : 5;
      let uncountedMs = 0;
      return {
        ours: {
          async run() {
            const before = cpuMs();
            const reports = [];
            for (let time = 0; time < readings; time += 1) reports.push(await read(log));
            const allMs = cpuMs() - before;
            spent.ours.push(allMs / readings - ourStartMs);
            uncountedMs = allMs - spent.ours.at(-1);
            if (reports.some((report) => report.lines !== lines)) throw new Error('lines were lost');
            return reports[0];
          },
          childCpuMs: () => -uncountedMs,
        },
        peer: {
          name: 'crowdsec',
          version: versionOf(),
          run: async () => void spent.theirs.push(Math.max(1, (await crowdsec.read(log)) - startMs)),
          childCpuMs: () => spent.theirs.at(-1),
        },
        async check({ overflows }) {
          const count = await checkOverflows(rules, log, crowdsec, overflows);
          return `same ${count} overflows by scenario and source; both times are without the start, measured on an empty log; our CPU time is the mean of ${readings} readings in a row, our wall time that of all of them`;
        },
        async dispose() {
          sayPerLine(lines, spent.ours, spent.theirs);
          await service.close();
          crowdsec.dispose();
          dispose();
        },
      };
    },
  },
  {
    workload: "sshd log to durable decisions by the hub's rules, by a fresh process that starts, reads and ends",
    size: '20,000 lines (5,000 with --quick)',
    metric: 'cpu',
    async prepare({ quick }) {
      const lines = quick ? 5000 : 20_000;
      const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-logs-'));
      const dispose = () => rmSync(folder, { recursive: true });
      if (crowdsecAbsent !== undefined) return alone(dispose);
      const crowdsec = await Crowdsec.prepare();
      const log = join(folder, 'auth.log');
      writeFileSync(log, loginLog(lines));
      const program = fileURLToPath(new URL('read-log.child.mjs', import.meta.url));
      const spent = { ours: [], theirs: [] };
      return {
        ours: {
          async run() {
            const ledger = join(folder, `ledger-${spent.ours.length}`);
            const said = join(folder, 'said');
            const arguments_ = [program, crowdsec.rulesFolder, ledger, log];
            spent.ours.push(await timedCpuMs(process.execPath, arguments_, said));
            const report = JSON.parse(readFileSync(said, 'utf8'));
            if (report.lines !== lines) throw new Error('lines were lost');
            return report;
          },
          childCpuMs: () => spent.ours.at(-1),
        },
        peer: {
          name: 'crowdsec',
          version: versionOf(),
          run: async () => void spent.theirs.push(await crowdsec.read(log)),
          childCpuMs: () => spent.theirs.at(-1),
        },
        async check({ overflows }) {
          const rules = compileRules(await hubRules(crowdsec.rulesFolder), { strict: true });
          const count = await checkOverflows(rules, log, crowdsec, overflows);
          return `same ${count} overflows by scenario and source; both times are those of whole processes, start included`;
        },
        dispose() {
          sayPerLine(lines, spent.ours, spent.theirs);
          crowdsec.dispose();
          dispose();
        },
      };
    },
  },
  {
    workload: 'a line of sshd beside 500 scenarios that do not match, against the same beside 1',
    size: '20,000 lines',
    metric: 'cpu',
    target: { atMost: 1.5 },
    prepare() {
      const lines = loginLog(20_000).split('\n').slice(0, -1);
      const side = (count) => {
        const rules = compileRules(rulesBeside(count), { strict: true });
        return { run: () => observedBy(rules, lines) };
      };
      return {
        ours: side(500),
        peer: { name: 'the same engine, 1 scenario', version: 'this', ...side(1) },
        check(many, one) {
          if (many.events === 0 || many.events !== one.events || many.overflows + one.overflows > 0)
            throw new Error(`${JSON.stringify(many)} and ${JSON.stringify(one)}`);
          return `both saw the same ${one.events} events, and none overflowed`;
        },
      };
    },
  },
];
