import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  chaosStrip,
  compareSnapshots,
  type Fault,
  HostSurface,
  hostSnapshot,
  probeHost,
  startToxiproxyServer,
  type TargetPolicyInput,
} from '@tenstrip/chaos-engine';
import { isTenstripError, PluginRegistry, ResourceGovernor } from '@tenstrip/shared-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireRoot, requireTool } from '../../../../../tools/test-requirements.mjs';
import { serveToxiproxyDouble } from './toxiproxy-double.js';

let folder: string;
let surface: HostSurface | undefined;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-faults-'));
});
afterEach(async () => {
  await surface?.close();
  surface = undefined;
  for (const child of children.splice(0)) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process group of its own that waits; with `sh`, three processes. */
function idle(command: string[] = ['sleep', '1000']): number {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { detached: true, stdio: 'ignore' });
  children.push(child);
  return child.pid ?? 0;
}

async function open(policy: TargetPolicyInput): Promise<HostSurface> {
  surface = await HostSurface.open({ folder, policy });
  return surface;
}

const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0] ?? '';
const pause: Fault = { kind: 'process.pause' };
const kill: Fault = { kind: 'process.kill', signal: 'SIGKILL' };
const latency: Fault = {
  kind: 'dependency.toxic',
  type: 'latency',
  stream: 'downstream',
  toxicity: 1,
  attributes: { latency: 100 },
};
const codeOf = (error: unknown): string => (isTenstripError(error) ? error.code : String(error));
const refusal = (attempt: Promise<unknown>): Promise<string> => attempt.then(() => 'none', codeOf);

describe('a paused process', () => {
  it('stands still until the fault is reverted, once and twice', async () => {
    const pid = idle();
    const host = await open({ processes: { ownChildren: true } });
    const fault = await host.inject({ pid }, pause, { ttlMs: 60_000 });
    expect(stateOf(pid)).toBe('T');
    await fault.revert();
    await fault.revert();
    expect(stateOf(pid)).not.toBe('T');
  });

  it('runs on when the time is over', async () => {
    const pid = idle();
    const host = await open({ processes: { pids: [pid] } });
    await host.inject({ pid }, pause, { ttlMs: 2000 });
    while (stateOf(pid) === 'T') await wait(5);
    // Its target is free again.
    const again = await retried(() => host.inject({ pid }, pause, { ttlMs: 60_000 }));
    expect(stateOf(pid)).toBe('T');
    await again.revert();
  });

  it('stands still with all that descends from it, but for what stood still before', async () => {
    const pid = idle(['sh', '-c', 'sleep 1000 & sleep 1000 & wait']);
    const descendants = await childrenOf(pid, 2);
    const [stopped = 0, running = 0] = descendants;
    process.kill(stopped, 'SIGSTOP');
    const host = await open({ processes: { ownChildren: true } });
    const fault = await host.inject({ pid }, { kind: 'process.pause', tree: true }, { ttlMs: 60_000 });
    expect([pid, ...descendants].map(stateOf)).toEqual(['T', 'T', 'T']);
    await fault.revert();
    expect(stateOf(stopped)).toBe('T');
    expect([pid, running].map(stateOf)).not.toContain('T');
  });

  it('is taken for nobody else when its number is pinned to another start', async () => {
    const pid = idle();
    const host = await open({ processes: { pids: [pid] } });
    expect(await refusal(host.inject({ pid, startTime: 1 }, pause, { ttlMs: 1000 }))).toBe('TargetUnknown');
    expect(stateOf(pid)).not.toBe('T');
  });
});

describe('a killed process', () => {
  it('is refused unless the policy allows what cannot be undone', async () => {
    const pid = idle();
    const host = await open({ processes: { ownChildren: true } });
    expect(await refusal(host.inject({ pid }, kill, { ttlMs: 1000 }))).toBe('FaultUnsupported');
    expect((await host.capabilities())['process.kill'].supported).toBe(false);
    expect(stateOf(pid)).toBe('S');
  });

  it('is gone', async () => {
    const pid = idle(['sh', '-c', 'sleep 1000 & wait']);
    const [child = 0] = await childrenOf(pid, 1);
    const host = await open({ processes: { ownChildren: true }, irreversible: true });
    await host.inject({ pid }, { kind: 'process.kill', signal: 'SIGKILL', tree: true }, { ttlMs: 1000 });
    const gone = async (): Promise<string[]> =>
      Object.values((await hostSnapshot({ processes: [pid, child] })).processes).map(({ state }) => state);
    while ((await gone()).includes('running')) await wait(5);
    children.length = 0;
  });
});

describe('what is never harmed', () => {
  it.each([
    ['the first process', () => 1],
    ['the engine', () => process.pid],
    ['what the engine descends from', () => process.ppid],
    ['the reaper', (host: HostSurface) => host.reaperPid ?? 0],
  ])('is %s, even where the policy lists everything', async (_, pidOf) => {
    const host = await open({ processes: { commands: ['*'], ownChildren: true }, blastRadius: { targets: 100 } });
    const pid = pidOf(host);
    expect(await refusal(host.inject({ pid }, pause, { ttlMs: 1000 }))).toBe('TargetDenied');
    const listed = await host.targets();
    expect(listed).not.toContainEqual(expect.objectContaining({ pid }));
  });

  it('is anything that no policy lists', async () => {
    const pid = idle();
    const host = await open({});
    const { api, close } = await serveToxiproxyDouble(['db']);
    const refused = [
      host.inject({ pid }, pause, { ttlMs: 1000 }),
      host.inject({ proxy: 'db' }, latency, { ttlMs: 1000 }),
      host.inject({ host: 'local' }, { kind: 'cpu.burn', cores: 1, percent: 1 }, { ttlMs: 1000 }),
    ];
    expect(await Promise.all(refused.map(refusal))).toEqual(['TargetDenied', 'TargetDenied', 'TargetDenied']);
    expect(await host.targets()).toEqual([]);
    expect(api).toMatch(/^http/);
    await close();
  });

  it('is a process by a fault of the wrong kind or with a wrong time', async () => {
    const pid = idle();
    const host = await open({ processes: { pids: [pid] }, maximumTtlMs: 1000 });
    for (const attempt of [
      host.inject({ pid }, latency, { ttlMs: 1000 }),
      host.inject({ pid }, pause, { ttlMs: 1001 }),
      host.inject({ pid }, pause, { ttlMs: Number.NaN }),
      host.inject({ pid: -1 }, pause, { ttlMs: 1 }),
      host.inject({ host: 'local' }, pause, { ttlMs: 1 }),
    ]) {
      expect(await refusal(attempt)).toBe('OptionsInvalid');
    }
    const skew: Fault = { kind: 'clock.skew', offsetMs: 1, driftPpm: 0 };
    expect(await refusal(host.inject({ host: 'local' }, skew, { ttlMs: 1 }))).toBe('FaultUnsupported');
  });
});

describe('the blast radius', () => {
  it('holds in number and in share, also when everybody asks at once', async () => {
    const pids = Array.from({ length: 10 }, () => idle());
    const host = await open({ processes: { pids }, blastRadius: { targets: 5, percent: 20 } });
    const asked = await Promise.allSettled(pids.map((pid) => host.inject({ pid }, pause, { ttlMs: 60_000 })));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(pids.filter((pid) => stateOf(pid) === 'T')).toHaveLength(2);
    const [refused] = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject({ code: 'BlastRadiusExceeded' });
    expect(refused.message).toContain('3 of 10 targets > 20 %');
    await host.revertAll();
    expect(pids.filter((pid) => stateOf(pid) === 'T')).toEqual([]);
    await host.inject({ pid: pids[9] ?? 0 }, pause, { ttlMs: 60_000 });
  });

  it('takes one fault of a sort on a target', async () => {
    const pid = idle();
    const host = await open({ processes: { pids: [pid] }, irreversible: true });
    await host.inject({ pid }, pause, { ttlMs: 60_000 });
    expect(await refusal(host.inject({ pid }, kill, { ttlMs: 60_000 }))).toBe('TargetBusy');
  });
});

describe('burners', () => {
  it('take processor time and end with the fault', async () => {
    const host = await open({ host: { cores: 2 } });
    expect((await hostSnapshot({ folder })).burners).toBe(0);
    const fault = await host.inject({ host: 'local' }, { kind: 'cpu.burn', cores: 2, percent: 50 }, { ttlMs: 60_000 });
    expect((await hostSnapshot({ folder })).burners).toBe(1);
    expect((await hostSnapshot()).burners).toBeGreaterThan(0);
    expect((await hostSnapshot({ folder: '/' })).burners).toBe(0);
    const [burner = 0] = burnersOf(process.pid);
    while (processorTicks(burner) < 20) await wait(20);
    await fault.revert();
    while ((await hostSnapshot({ folder })).burners > 0) await wait(5);
  });

  it('take memory and write to it', async () => {
    const host = await open({ host: { bytes: 1 << 27 } });
    const bytes = 1 << 26;
    const fault = await host.inject({ host: 'local' }, { kind: 'memory.fill', bytes }, { ttlMs: 60_000 });
    const [burner = 0] = burnersOf(process.pid);
    const resident = Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${burner}/status`, 'utf8'))?.[1]) * 1024;
    expect(resident).toBeGreaterThan(bytes);
    await fault.revert();
    const tooMuch = host.inject({ host: 'local' }, { kind: 'memory.fill', bytes: (1 << 27) + 1 }, { ttlMs: 1 });
    expect(await refusal(tooMuch)).toBe('BlastRadiusExceeded');
  });
});

describe('a dependency behind a proxy', () => {
  it('has a toxic, or is down, until the fault ends', async () => {
    const { api, close } = await serveToxiproxyDouble(['db', 'cache']);
    const host = await open({ proxies: { db: api, cache: api }, blastRadius: { targets: 2 } });
    const look = () => hostSnapshot({ folder, proxies: { db: api, cache: api } });
    const before = await look();
    const slow = await host.inject({ proxy: 'db' }, latency, { ttlMs: 60_000 });
    const down = { ...latency, type: 'down' as const, attributes: {} };
    const off = await host.inject({ proxy: 'cache' }, down, { ttlMs: 60_000 });
    expect((await look()).proxies).toMatchObject({
      db: { enabled: true, toxics: [{ type: 'latency', stream: 'downstream', attributes: { latency: 100 } }] },
      cache: { enabled: false, toxics: [] },
    });
    await slow.revert();
    await off.revert();
    expect(compareSnapshots(before, await look())).toEqual([]);
    await close();
  });

  it('is harmed by our own proxy too, whose toxic is felt and is gone', async () => {
    const upstream = createServer((socket) => socket.on('error', () => {}).end('hello'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    await using server = await startToxiproxyServer({ port: 0, seed: 1 });
    const { port } = upstream.address() as AddressInfo;
    const body = JSON.stringify({ name: 'db', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` });
    const created = await fetch(`${server.url}/proxies`, { method: 'POST', body });
    const { listen } = (await created.json()) as { listen: string };
    const host = await open({ proxies: { db: server.url } });
    const before = await hostSnapshot({ folder, proxies: { db: server.url } });
    /** What a client is told, and after how many milliseconds. */
    const asked = () =>
      new Promise<[string, number]>((resolve) => {
        const startedAt = performance.now();
        let said = '';
        connect(Number(listen.split(':')[1]), '127.0.0.1')
          .on('data', (chunk) => {
            said += chunk.toString();
          })
          .on('error', () => {})
          .on('close', () => resolve([said, performance.now() - startedAt]));
      });
    const slow = await host.inject({ proxy: 'db' }, { ...latency, attributes: { latency: 300 } }, { ttlMs: 60_000 });
    const [said, tookMs] = await asked();
    expect(said).toBe('hello');
    expect(tookMs).toBeGreaterThanOrEqual(299);
    await slow.revert();
    const down = await host.inject({ proxy: 'db' }, { ...latency, type: 'down', attributes: {} }, { ttlMs: 60_000 });
    expect((await asked())[0]).toBe('');
    await down.revert();
    expect((await asked())[0]).toBe('hello');
    expect(compareSnapshots(before, await hostSnapshot({ folder, proxies: { db: server.url } }))).toEqual([]);
    upstream.close();
  });

  it('is refused with what its API says', async () => {
    const { api, close } = await serveToxiproxyDouble(['db']);
    const host = await open({ proxies: { db: api, absent: api, nobody: 'http://127.0.0.1:9' } });
    const bad = { ...latency, attributes: { latency: -1 } };
    expect(await refusal(host.inject({ proxy: 'db' }, bad, { ttlMs: 1000 }))).toBe('OptionsInvalid');
    expect(await refusal(host.inject({ proxy: 'absent' }, latency, { ttlMs: 1000 }))).toBe('TargetUnknown');
    expect(await refusal(host.inject({ proxy: 'nobody' }, latency, { ttlMs: 1000 }))).toBe('ProxyUnavailable');
    // A refused fault leaves its target free.
    await host.inject({ proxy: 'db' }, latency, { ttlMs: 1000 });
    await host.revertAll();
    await close();
  });
});

const network = [requireRoot(), requireTool('ip'), requireTool('nft')];
describe.skipIf(network.some(({ available }) => !available))('a partitioned network', () => {
  const [here, there] = [`chaos-a-${process.pid}`, `chaos-b-${process.pid}`];
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
  /** Whether a connection is made within a second to the listener there. */
  const reaches = (from: string, address: string): boolean => {
    const connect = `: < /dev/tcp/${address}/7000`;
    try {
      ip('netns', 'exec', from, 'timeout', '1', 'bash', '-c', connect);
      return true;
    } catch {
      return false;
    }
  };
  const listeners: ChildProcess[] = [];
  let datagrams = 0;
  /** Listens in a namespace, and counts datagrams. */
  const listen = async (namespace: string): Promise<void> => {
    const program = `
      require('node:net').createServer((s) => s.destroy()).listen(7000, '::');
      require('node:dgram').createSocket('udp6').on('message', () => process.stdout.write('.')).bind(7000, () => process.stdout.write('!'));`;
    const listener = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    listeners.push(listener);
    await new Promise<void>((resolve) =>
      listener.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('!')) resolve();
        datagrams += chunk.toString().replaceAll('!', '').length;
      }),
    );
  };
  beforeEach(async () => {
    for (const name of [here, there]) ip('netns', 'add', name);
    ip('-n', here, 'link', 'add', 'chaos0', 'type', 'veth', 'peer', 'name', 'chaos0', 'netns', there);
    for (const [name, host] of [
      [here, 1],
      [there, 2],
    ] as const) {
      ip('-n', name, 'addr', 'add', `10.99.0.${host}/24`, 'dev', 'chaos0');
      ip('-n', name, 'addr', 'add', `fd99::${host}/64`, 'dev', 'chaos0', 'nodad');
      ip('-n', name, 'link', 'set', 'chaos0', 'up');
    }
    await Promise.all([here, there].map(listen));
    while (!reaches(here, 'fd99::2')) await wait(50);
  });
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.kill('SIGKILL');
    for (const name of [here, there]) ip('netns', 'del', name);
  });

  it('lets nothing through, in both families, and leaves no rule behind', async () => {
    const host = await open({ namespaces: [here] });
    const before = await hostSnapshot({ folder, namespaces: [here, there] });
    expect([reaches(here, '10.99.0.2'), reaches(there, 'fd99::1')]).toEqual([true, true]);
    const peers = ['10.99.0.2', '10.99.0.0/24', 'fd99::2', 'fd99::/16', '192.0.2.0/24'];
    const partition: Fault = { kind: 'network.partition', peers, oneWay: false };
    const fault = await host.inject({ namespace: here }, partition, { ttlMs: 60_000 });
    expect([reaches(here, '10.99.0.2'), reaches(there, 'fd99::1')]).toEqual([false, false]);
    await fault.revert();
    expect([reaches(here, '10.99.0.2'), reaches(there, 'fd99::1')]).toEqual([true, true]);
    expect(compareSnapshots(before, await hostSnapshot({ folder, namespaces: [here, there] }))).toEqual([]);
  });

  it('one way still takes in what the peers send', async () => {
    const host = await open({ namespaces: [here] });
    const partition: Fault = { kind: 'network.partition', peers: ['10.99.0.2'], oneWay: true };
    await host.inject({ namespace: here }, partition, { ttlMs: 60_000 });
    expect(reaches(there, '10.99.0.1')).toBe(false);
    datagrams = 0;
    while (datagrams === 0) {
      ip('netns', 'exec', there, 'bash', '-c', 'echo > /dev/udp/10.99.0.1/7000');
      await wait(20);
    }
  });

  it('ends in the kernel when nobody is left to end it', async () => {
    const holder = spawn(process.execPath, ['--input-type=module', '-e', partitionProgram(here)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: import.meta.dirname,
    });
    const [said] = await new Promise<Buffer[]>((resolve) => holder.stdout.once('data', (chunk) => resolve([chunk])));
    process.kill(Number(said?.toString()), 'SIGKILL');
    holder.kill('SIGKILL');
    expect(reaches(here, '10.99.0.2')).toBe(false);
    while (!reaches(here, '10.99.0.2')) await wait(50);
    const host = await open({});
    expect(host.recovered.found).toHaveLength(1);
    expect((await hostSnapshot({ namespaces: [here] })).namespaces[here]?.rules).toBe('');
  });

  it('is undone although its namespace is gone', async () => {
    const host = await open({ namespaces: [here] });
    const partition: Fault = { kind: 'network.partition', peers: ['10.99.0.2'], oneWay: false };
    const fault = await host.inject({ namespace: here }, partition, { ttlMs: 60_000 });
    ip('netns', 'del', here);
    await fault.revert();
    expect(await refusal(host.inject({ namespace: here }, partition, { ttlMs: 1000 }))).toBe('TargetUnknown');
    ip('netns', 'add', here);
  });

  it('takes addresses and nothing else as peers', async () => {
    const host = await open({ namespaces: [here] });
    for (const peer of ['10.0.0.1; flush ruleset', 'example.org', '10.0.0.0/33', '::1%lo', '10.0.0.1/']) {
      const partition: Fault = { kind: 'network.partition', peers: [peer], oneWay: false };
      expect(await refusal(host.inject({ namespace: here }, partition, { ttlMs: 1000 }))).toBe('OptionsInvalid');
    }
    const other: Fault = { kind: 'network.partition', peers: ['10.99.0.1'], oneWay: false };
    expect(await refusal(host.inject({ namespace: '' }, other, { ttlMs: 1000 }))).toBe('TargetDenied');
    expect(await refusal(host.inject({ namespace: there }, other, { ttlMs: 1000 }))).toBe('TargetDenied');
  });

  const partitionProgram = (namespace: string): string => `
    import { HostSurface } from '@tenstrip/chaos-engine';
    const host = await HostSurface.open({ folder: ${JSON.stringify(folder)}, policy: { namespaces: ['${namespace}'] } });
    await host.inject({ namespace: '${namespace}' }, { kind: 'network.partition', peers: ['10.99.0.2'], oneWay: false }, { ttlMs: 4000 });
    console.log(host.reaperPid);
    setInterval(() => {}, 1000);
  `;
});

describe('the probe', () => {
  it('says of every kind whether it works or what is missing', async () => {
    const probe = await probeHost();
    expect(probe.faults['process.pause']).toEqual({ supported: true });
    for (const capability of Object.values(probe.faults)) {
      if (!capability.supported) expect(capability.missing.length).toBeGreaterThan(10);
    }
    const rootLike = process.getuid?.() === 0;
    expect(probe.privileges.kill).toBe(rootLike);
  });
});

async function childrenOf(pid: number, count: number): Promise<number[]> {
  for (;;) {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
    if (pids.length === count) return pids;
    await wait(5);
  }
}

function burnersOf(pid: number): number[] {
  const tasks = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' });
  return tasks.split('\n').flatMap((line) => (line.includes('burner-entry') ? [Number.parseInt(line, 10)] : []));
}

function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (codeOf(error) !== 'TargetBusy') throw error;
      await wait(5);
    }
  }
}

describe('the strip', () => {
  it('injects into this host and takes it back, by the id it gave', async () => {
    const pid = idle();
    const governor = new ResourceGovernor();
    const registry = new PluginRegistry({ governor });
    const { call } = await registry.mount(chaosStrip, { folder, policy: { processes: { pids: [pid] } } });
    const { id } = await call.injectFault({ target: { pid }, fault: { kind: 'process.pause' }, ttlMs: 60_000 });
    expect(stateOf(pid)).toBe('T');
    expect(await call.revertFault({ id })).toEqual({ reverted: [id] });
    expect(stateOf(pid)).not.toBe('T');
    const provider = { type: 'tenstrip', target: { pid }, fault: { kind: 'process.pause' } };
    const method = [{ type: 'action', name: 'pause', provider }];
    const experiment = { title: 't', description: 'd', method };
    const dry = await call.runExperiment({ experiment, onHost: true, dry: 'activities' });
    const real = await call.runExperiment({ experiment, onHost: true });
    expect([dry, real].map(({ journal }) => (journal['x-tenstrip'] as { faults: unknown[] }).faults.length)).toEqual([
      0, 1,
    ]);
    expect(stateOf(pid)).not.toBe('T');
    await call.injectFault({ target: { pid }, fault: { kind: 'process.pause' }, ttlMs: 60_000 });
    await registry[Symbol.asyncDispose]();
    expect(stateOf(pid)).not.toBe('T');
    await governor.close();
  });
});
