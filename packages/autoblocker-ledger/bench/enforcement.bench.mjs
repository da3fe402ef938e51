// What it costs to carry decisions out: 50,000 blocks into nftables beside nft alone, and an answer to a bouncer.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AutoblockerLedger, NftablesEnforcer } from '@tenstrip/autoblocker-ledger';
import { LapiServer } from '@tenstrip/autoblocker-ledger/lapi';

const apiKey = 'a key for the benchmark only';
const client = fileURLToPath(new URL('lapi-client.mjs', import.meta.url));

/** The first line that a program prints, or `undefined` where it cannot run. */
function firstLine(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
  } catch {
    return undefined;
  }
}

/** Some network namespaces of their own, so that no other ruleset is touched; `undefined` where that is not possible. */
function namespaces(...names) {
  const made = names.map((name) => `tenstrip-bench-${name}-${process.pid}`);
  if (made.some((name) => firstLine('ip', 'netns', 'add', name) === undefined)) return undefined;
  const dispose = () => {
    for (const name of made) firstLine('ip', 'netns', 'del', name);
  };
  return { names: made, dispose };
}

const addressOf = (number) => `11.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}`;

/** How many elements a table's sets hold. */
function elementsIn(namespace) {
  const text = execFileSync('ip', ['netns', 'exec', namespace, 'nft', '-j', 'list', 'ruleset'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return JSON.parse(text).nftables.reduce((sum, { set }) => sum + (set?.elem?.length ?? 0), 0);
}

export default [
  {
    workload: 'a whole set into nftables',
    size: '50,000 addresses with timeouts',
    metric: 'speedup',
    target: { atLeast: 1 / 1.2 },
    async prepare({ quick }) {
      const count = quick ? 10_000 : 50_000;
      const version = firstLine('nft', '--version');
      const places = version === undefined ? undefined : namespaces('ours', 'peer');
      const absent = { name: 'nft -f', absent: 'needs root, ip and nft: apt-get install nftables iproute2' };
      if (places === undefined) return { ours: { run: () => 0 }, peer: absent, check: () => '', dispose: () => {} };
      const [ours, peer] = places.names;
      const folder = mkdtempSync(join(tmpdir(), 'tenstrip-bench-nft-'));
      const script = join(folder, 'blocks.nft');
      const elements = Array.from({ length: count }, (_, number) => `${addressOf(number)} timeout 3600s`);
      const table = ['add table inet raw', 'delete table inet raw', 'add table inet raw'];
      const set = 'add set inet raw blocked { type ipv4_addr; flags timeout; }';
      writeFileSync(script, [...table, set, `add element inet raw blocked { ${elements.join(', ')} }`, ''].join('\n'));
      const enforcer = new NftablesEnforcer({ namespace: ours });
      const add = Array.from({ length: count }, (_, number) => ({
        network: `${addressOf(number)}/32`,
        remainingMs: 3_600_000,
      }));
      return {
        ours: {
          async run() {
            await enforcer.apply({ replace: true, add, remove: [] });
            return ours;
          },
        },
        peer: {
          name: 'nft -f',
          version,
          run() {
            execFileSync('ip', ['netns', 'exec', peer, 'nft', '-f', script]);
            return peer;
          },
        },
        check(one, other) {
          const [held, expected] = [elementsIn(one), elementsIn(other)];
          if (held !== count || expected !== count) throw new Error(`${held} and ${expected} elements of ${count}`);
          return `both kernels hold ${count} elements`;
        },
        dispose() {
          places.dispose();
          rmSync(folder, { recursive: true });
        },
      };
    },
  },
  {
    workload: 'an answer of the local API, GET /v1/decisions?ip=',
    size: '20,000 requests, 16 at a time, 10,000 decisions',
    unit: 'CPU microseconds of the server',
    // A quarter of what crowdsec 1.4.6 was measured to take (490).
    target: { atMost: 122 },
    async measure({ quick }) {
      const requests = quick ? 4000 : 20_000;
      const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
      const wish = (number) => ({ target: addressOf(number), reason: 'bench', durationMs: 86_400_000 });
      for (let from = 0; from < 10_000; from += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, number) => ledger.addBlock(wish(from + number))));
      }
      const lapi = await LapiServer.open({ ledger, bouncers: [{ name: 'bench', key: apiKey }] });
      const server = await lapi.listen({ port: 0 });
      const ask = (count) =>
        new Promise((resolve, reject) => {
          const asking = spawn(process.execPath, [client, server.port, apiKey, count], { stdio: 'inherit' });
          asking.once('error', reject);
          asking.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the client ended with ${code}`))));
        });
      await ask(2000);
      const before = process.cpuUsage();
      await ask(requests);
      const { user, system } = process.cpuUsage(before);
      await server[Symbol.asyncDispose]();
      await ledger.close();
      return {
        value: (user + system) / requests,
        checked: 'the client read every answer: half of them name a decision',
      };
    },
  },
];
