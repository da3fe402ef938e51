// A ledger of a million decisions: how long it takes to open, how fast it answers, how much memory it holds.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const heap = '--max-old-space-size=16000';
const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-scale-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const made = new Map();

/** The folder of a ledger with so many decisions. */
function ledgerOf(count, family) {
  const place = join(folder, `${family}-${count}`);
  if (!made.has(place)) execFileSync(process.execPath, [heap, script('fill-ledger.child.mjs'), place, count, family]);
  made.set(place, true);
  return place;
}

const told = new Map();

/** What a process of its own says about a ledger; asked once. */
function ask(count, family, buckets) {
  const key = `${count} ${family} ${buckets}`;
  if (!told.has(key)) {
    const args = ['--expose-gc', heap, script('scale.child.mjs'), ledgerOf(count, family), count, family, buckets];
    told.set(
      key,
      promisify(execFile)(process.execPath, args.map(String)).then(({ stdout }) => JSON.parse(stdout)),
    );
  }
  return told.get(key);
}

const decisions = ({ quick }) => (quick ? 100_000 : 1_000_000);

function answering(family, lengths) {
  return {
    workload: `isBlocked of ${family === 'ipv4' ? 'IPv4' : 'IPv6'} addresses`,
    size: `1,000,000 decisions (100,000 with --quick), ${lengths}`,
    unit: 'million look-ups a second of one core',
    target: { atLeast: 1.25 },
    async measure(options) {
      const { size, found, asked, perSecond } = await ask(decisions(options), family, 0);
      if (size < decisions(options) || found < asked / 2)
        throw new Error(`${size} entries, ${found} of ${asked} found`);
      return { value: perSecond / 1e6, checked: `CPU time; ${found} of ${asked} questions found a decision` };
    },
  };
}

export default [
  {
    workload: 'opening a ledger, every entry replayed',
    size: '1,000,000 decisions (100,000 with --quick)',
    unit: 's of CPU time',
    target: { atMost: 15 },
    async measure(options) {
      const { openCpuS, openWallS, size } = await ask(decisions(options), 'ipv4', 0);
      return { value: openCpuS, checked: `all ${size} entries; ${openWallS.toFixed(1)} s by the clock` };
    },
  },
  answering('ipv4', '8 lengths'),
  answering('ipv6', '8 lengths'),
  {
    workload: 'memory of a ledger at work',
    size: '1,000,000 active decisions and 200,000 buckets (100,000 and 20,000 with --quick)',
    unit: 'MB resident',
    target: { atMost: 150 },
    async measure(options) {
      const { residentMb, parts, active, live } = await ask(decisions(options), 'ipv4', decisions(options) / 5);
      const { program, heap, heapUsed, arrays } = parts;
      const share = `Node's program ${program}, JavaScript heap ${heap} (${heapUsed} used), arrays ${arrays}`;
      return {
        value: residentMb,
        checked: `at rest, after collection: ${share}; ${active} active decisions, ${live} live buckets`,
      };
    },
  },
];
