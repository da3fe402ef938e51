// Who is blocked: the ledger's isBlocked, decisions and domains included, beside Node's own BlockList of bare networks; and the
// same from memory that worker threads share. And what a line of sshd costs by the package's own rules.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoblockerLedger, openSharedLookup } from '@tenstrip/autoblocker-ledger';
import { loginLog } from './login-log.mjs';
import { networks, questions } from './networks.mjs';

async function ledgerOf(list) {
  const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
  for (let from = 0; from < list.length; from += 500) {
    const wishes = list.slice(from, from + 500);
    await Promise.all(wishes.map((target) => ledger.addBlock({ target, reason: 'bench', durationMs: 86_400_000 })));
  }
  return ledger;
}

function besideBlockList(workload, openLookup) {
  return {
    workload,
    size: '10,000 networks of 8 lengths, 50,000 questions (5,000 with --quick)',
    metric: 'speedup',
    target: { atLeast: 200 },
    async prepare({ quick }) {
      const list = Array.from(networks(10_000, 'ipv4'), ({ text }) => text);
      const asked = questions(list, quick ? 5000 : 50_000, 'ipv4');
      const ledger = await ledgerOf(list);
      const lookup = openLookup(ledger);
      const blockList = new BlockList();
      for (const network of list) blockList.addSubnet(network.split('/')[0], Number(network.split('/')[1]));
      const answers = (isBlocked) => {
        const all = new Uint8Array(asked.length);
        for (let index = 0; index < asked.length; index += 1) all[index] = isBlocked(asked[index]) ? 1 : 0;
        return all;
      };
      return {
        ours: { run: () => answers((address) => lookup.isBlocked(address) !== undefined) },
        peer: {
          name: 'net.BlockList',
          version: `Node ${process.versions.node}`,
          run: () => answers((address) => blockList.check(address)),
        },
        check(ours, peer) {
          if (Buffer.compare(ours, peer) !== 0 || !ours.includes(0) || !ours.includes(1))
            throw new Error('the answers differ');
          return `same ${ours.length} answers`;
        },
        dispose: () => ledger.close(),
      };
    },
  };
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
  besideBlockList('isBlocked against net.BlockList', (ledger) => ledger),
  besideBlockList('isBlocked from shared memory against net.BlockList', (ledger) =>
    openSharedLookup(ledger.sharedLookup()),
  ),
  {
    workload: "sshd log to decisions in a durable ledger by the package's own rules",
    size: '200,000 lines (40,000 with --quick)',
    unit: 'CPU microseconds a line',
    async measure({ quick }) {
      const lines = quick ? 40_000 : 200_000;
      return await inFolder(async (folder) => {
        const log = join(folder, 'auth.log');
        writeFileSync(log, loginLog(lines));
        const ledger = await AutoblockerLedger.open({ folder: join(folder, 'ledger'), time: 'events' });
        const before = process.cpuUsage();
        const report = await ledger.readLogs([log]);
        const { user, system } = process.cpuUsage(before);
        await ledger.close();
        if (report.lines !== lines) throw new Error('lines were lost');
        const outcomes = report.decided + report.extended + report.reviews;
        return { value: (user + system) / lines, checked: `${report.events} events; ${outcomes} entries of decisions` };
      });
    },
  },
];
