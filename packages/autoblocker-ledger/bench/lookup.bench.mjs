// Who is blocked: the ledger's isBlocked, decisions and domains included, beside Node's own BlockList of bare networks.
// And what a line of sshd costs from the file to the durable, signed decision.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoblockerLedger } from '@tenstrip/autoblocker-ledger';

/** 32-bit integers, the same in every run. */
function integers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

const dotted = (value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

/** Networks as blocklists have them: mostly single addresses, some small networks of 7 lengths. */
function makeNetworks(count) {
  const next = integers(7);
  return Array.from({ length: count }, (_, index) => {
    const length = index % 10 === 0 ? 24 + (next() % 8) : 32;
    // 11.0.0.0 to 126.255.255.255, where this host is hardly to be found.
    const address = (((11 + (next() % 116)) << 24) | (next() >>> 8)) >>> 0;
    const mask = length === 32 ? 0xffffffff : (0xffffffff << (32 - length)) >>> 0;
    return { address: dotted((address & mask) >>> 0), length };
  });
}

/** Half of the questions are about blocked addresses. */
function makeQuestions(networks, count) {
  const next = integers(8);
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0 ? networks[next() % networks.length].address : dotted(next()),
  );
}

async function ledgerOf(networks) {
  const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
  for (let from = 0; from < networks.length; from += 500) {
    const wishes = networks.slice(from, from + 500).map(({ address, length }) => `${address}/${length}`);
    await Promise.all(wishes.map((target) => ledger.addBlock({ target, reason: 'bench', durationMs: 86_400_000 })));
  }
  return ledger;
}

/** Lines of sshd: guessers in turns, some people. */
function loginLog(lines, guessers) {
  const next = integers(9);
  let time = Date.UTC(2026, 10, 23);
  return Array.from({ length: lines }, (_, line) => {
    time += next() % 40;
    const guesser = next() % guessers;
    const address = dotted(((203 << 24) | (guesser << 3)) >>> 0);
    return `${new Date(time).toISOString()} web sshd[${line}]: Failed password for root from ${address} port ${next() % 60_000} ssh2\n`;
  }).join('');
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-ledger-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export default [
  {
    workload: 'isBlocked against net.BlockList',
    size: '10,000 networks, 2,000 questions',
    metric: 'speedup',
    target: { atLeast: 200 },
    async prepare({ quick }) {
      const networks = makeNetworks(10_000);
      const questions = makeQuestions(networks, quick ? 500 : 2_000);
      const ledger = await ledgerOf(networks);
      const list = new BlockList();
      for (const { address, length } of networks) list.addSubnet(address, length);
      return {
        ours: { run: () => questions.map((address) => Number(ledger.isBlocked(address) !== undefined)).join('') },
        peer: {
          name: 'net.BlockList',
          version: `Node ${process.versions.node}`,
          run: () => questions.map((address) => Number(list.check(address))).join(''),
        },
        check(ours, peer) {
          if (ours !== peer || !ours.includes('0') || !ours.includes('1')) throw new Error('the answers differ');
          return `same ${ours.length} answers`;
        },
        dispose: () => ledger.close(),
      };
    },
  },
  {
    workload: 'sshd log to decisions in a durable ledger',
    size: '200,000 lines of 500 addresses',
    unit: 'CPU microseconds a line',
    async measure({ quick }) {
      const lines = quick ? 40_000 : 200_000;
      return await inFolder(async (folder) => {
        const log = join(folder, 'auth.log');
        writeFileSync(log, loginLog(lines, 500));
        const ledger = await AutoblockerLedger.open({ folder: join(folder, 'ledger'), time: 'events' });
        const before = process.cpuUsage();
        const report = await ledger.readLogs([log]);
        const { user, system } = process.cpuUsage(before);
        await ledger.close();
        if (report.lines !== lines || report.events !== lines) throw new Error('lines were lost');
        const outcomes = report.decided + report.extended + report.reviews;
        return { value: (user + system) / lines, checked: `all lines became events; ${outcomes} entries of decisions` };
      });
    },
  },
];
