// From lines of a log to decisions in a durable ledger, beside CrowdSec with the same rules.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoblockerLedger, compileRules, readRuleFiles } from '@tenstrip/autoblocker-ledger';
import { PatternDetector } from '../dist/scenarios/index.js';
import { Crowdsec, crowdsecAbsent, versionOf } from './crowdsec.mjs';
import { loginLog } from './login-log.mjs';
import { rulesBeside } from './rules.mjs';

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

export default [
  {
    workload: "sshd log to durable decisions by the hub's rules",
    size: '20,000 lines (5,000 with --quick)',
    metric: 'cpu',
    target: { atMost: 1 / 50 },
    async prepare({ quick }) {
      const lines = quick ? 5000 : 20_000;
      const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-logs-'));
      const dispose = () => rmSync(folder, { recursive: true });
      if (crowdsecAbsent !== undefined) {
        const peer = { name: 'crowdsec', absent: crowdsecAbsent };
        return { ours: { run: () => 0 }, peer, check: () => '', dispose };
      }
      const crowdsec = await Crowdsec.prepare();
      const log = join(folder, 'auth.log');
      const empty = join(folder, 'empty.log');
      writeFileSync(log, loginLog(lines));
      writeFileSync(empty, '');
      const files = (await readRuleFiles(crowdsec.rulesFolder)).filter(({ path }) =>
        /^(?:parsers|scenarios)/.test(path),
      );
      const rules = compileRules(files, { strict: true });
      let runs = 0;
      const read = async (file) => {
        runs += 1;
        const options = { folder: join(folder, `ledger-${runs}`), time: 'events', rules };
        const ledger = await AutoblockerLedger.open(options);
        const report = await ledger.readLogs([file]);
        await ledger.close();
        return report;
      };
      // Starting takes crowdsec a second of CPU time, whatever it reads; the same is taken off our side.
      const startMs = await crowdsec.read(empty);
      const ourStartMs = await medianCpuMs(() => read(empty));
      let peerMs = 0;
      return {
        ours: {
          async run() {
            const report = await read(log);
            if (report.lines !== lines) throw new Error('lines were lost');
            return report;
          },
          childCpuMs: () => -ourStartMs,
        },
        peer: {
          name: 'crowdsec',
          version: versionOf(),
          async run() {
            peerMs = Math.max(1, (await crowdsec.read(log)) - startMs);
          },
          childCpuMs: () => peerMs,
        },
        async check(report) {
          const theirs = (await crowdsec.overflows()).sort();
          const ours = overflowsOf(rules, log).sort();
          if (ours.length === 0 || ours.join('\n') !== theirs.join('\n')) {
            const differ = [
              ...ours.filter((key) => !theirs.includes(key)),
              ...theirs.filter((key) => !ours.includes(key)),
            ];
            throw new Error(`overflows differ: ${ours.length} and ${theirs.length}; ${differ.slice(0, 10).join(', ')}`);
          }
          // The ledger's own rules over networks and domains have no peer; they are work on our side alone.
          const byRules = Object.entries(report.overflows).filter(([name]) => !name.startsWith('tenstrip/'));
          const reported = JSON.stringify(byRules.sort());
          if (reported !== countsOf(ours)) throw new Error(`the ledger counts ${reported}`);
          return `same ${ours.length} overflows by scenario and source; both times are without the start, measured on an empty log`;
        },
        dispose() {
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
