// What it costs to carry decisions out: 50,000 blocks into nftables beside nft alone, and an answer to a bouncer.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NftablesEnforcer } from '@tenstrip/autoblocker-ledger';
import { Crowdsec, crowdsecAbsent, processCpuMs, versionOf } from './crowdsec.mjs';
import { blockedAddress } from './lapi-addresses.mjs';

const apiKey = 'a key for the benchmark only';
const client = fileURLToPath(new URL('lapi-client.mjs', import.meta.url));
const serverScript = fileURLToPath(new URL('lapi-server.child.mjs', import.meta.url));
const blocked = 10_000;

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

/** Our local API in a process of its own. */
async function ourServer() {
  const server = spawn(process.execPath, [serverScript, apiKey, blocked], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const [port] = await once(server.stdout.setEncoding('utf8'), 'data');
  const stop = async () => {
    server.kill();
    await ended;
  };
  return { pid: server.pid, port: Number(port), key: apiKey, stop };
}

/** Has a process ask so often; it fails at a wrong answer. */
function askServer({ port, key }, count) {
  return new Promise((resolve, reject) => {
    const asking = spawn(process.execPath, [client, port, key, count], { stdio: 'inherit' });
    asking.once('error', reject);
    asking.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the client ended with ${code}`))));
  });
}

/** What an answer says, without ids and times. */
async function answerOf({ port, key }, number) {
  const url = `http://127.0.0.1:${port}/v1/decisions?ip=${blockedAddress(number)}`;
  const response = await fetch(url, { headers: { 'x-api-key': key, 'user-agent': 'tenstrip-bench/1' } });
  const decisions = await response.json();
  return JSON.stringify(decisions?.map(({ scope, type, value }) => ({ scope, type, value })));
}

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
      const elements = Array.from({ length: count }, (_, number) => `${blockedAddress(number)} timeout 3600s`);
      const table = ['add table inet raw', 'delete table inet raw', 'add table inet raw'];
      const set = 'add set inet raw blocked { type ipv4_addr; flags timeout; }';
      writeFileSync(script, [...table, set, `add element inet raw blocked { ${elements.join(', ')} }`, ''].join('\n'));
      const enforcer = new NftablesEnforcer({ namespace: ours });
      const add = Array.from({ length: count }, (_, number) => ({
        network: `${blockedAddress(number)}/32`,
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
    size: '6,000 requests (2,000 with --quick), 16 at a time on kept connections, 10,000 decisions',
    metric: 'cpu',
    target: { atMost: 1 / 4 },
    async prepare({ quick }) {
      const requests = quick ? 2000 : 6000;
      const ours = await ourServer();
      const run = async (server) => {
        const before = processCpuMs(server.pid);
        await askServer(server, requests);
        server.usedMs = processCpuMs(server.pid) - before;
        return server;
      };
      const side = (server) => ({ run: () => run(server), childCpuMs: () => server.usedMs });
      if (crowdsecAbsent !== undefined) {
        const peer = { name: 'crowdsec', absent: crowdsecAbsent };
        return { ours: side(ours), peer, check: () => '', dispose: () => ours.stop() };
      }
      const crowdsec = await Crowdsec.prepare();
      const key = crowdsec.addBouncer();
      const theirs = { ...(await crowdsec.serve()), port: crowdsec.port, key };
      crowdsec.block(Array.from({ length: blocked }, (_, number) => blockedAddress(number)));
      return {
        ours: side(ours),
        peer: { name: 'crowdsec', version: versionOf(), ...side(theirs) },
        async check() {
          for (let number = 0; number < blocked * 2; number += 97) {
            const [one, other] = [await answerOf(ours, number), await answerOf(theirs, number)];
            if (one !== other) throw new Error(`${blockedAddress(number)}: ${one} and ${other}`);
          }
          return "the same scope, type and value in each answer compared; CPU time is the servers' and this process's";
        },
        async dispose() {
          await ours.stop();
          await theirs.stop();
          crowdsec.dispose();
        },
      };
    },
  },
];
