// The main job's network side under torture: a sender pushes batches of log lines to an intake, each until it is acknowledged, while they
// are cut off from each other, the intake's answers are lost, and the intake is killed. What was acknowledged must be in the ledger once.
// As root with `ip` and `nft` the two are in network namespaces of their own and nftables cuts them off; else a proxy between them does.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { AutoblockerLedger, verifyLedger } from '@tenstrip/autoblocker-ledger';
import {
  type ActivityFunction,
  type FaultTarget,
  HostSurface,
  probeHost,
  runExperiment,
  startToxiproxyServer,
  type TargetPolicyInput,
} from '@tenstrip/chaos-engine';

const repository = resolve(__dirname, '../../..');
const batches = 150;

/** What became of pushes under torture. */
export interface PushOutcome {
  /** What cut the two off. */
  readonly by: 'nftables' | 'a proxy';
  readonly acknowledged: number;
  /** Acknowledged only when they were sent again, as the first answer was lost. */
  readonly again: number;
  /** Batches that the ledger holds. */
  readonly taken: number;
  /** What was decided, and by how many events of what lines. */
  readonly decisions: readonly object[];
  readonly verified: boolean;
  /** While they were cut off nothing was acknowledged. */
  readonly stoodStill: boolean;
  /** What of the experiments failed; empty when they went as planned. */
  readonly problems: readonly string[];
}

/** Pushes 150 batches into a ledger in `folder`; each round cuts off, kills and loses answers once. */
export async function pushUnderTorture(folder: string, rounds: number): Promise<PushOutcome> {
  await using network = (await isKernelAtHand()) ? namespaces() : await proxied();
  await using host = await HostSurface.open({
    folder: join(folder, 'leases'),
    policy: { ...network.policy, processes: { ownChildren: true }, irreversible: true },
  });
  const ledger = join(folder, 'ledger');
  const serve = () => started(network.intakeWithin, ['serve', ledger, ...network.address]);
  let intake = await serve();
  const sender = program(network.senderWithin, ['send', network.url, String(batches)]);
  const acknowledged: boolean[] = [];
  createInterface({ input: sender.stdout! }).on('line', (line) => acknowledged.push(JSON.parse(line).repeated));

  let stoodStill = true;
  const reach: ActivityFunction = async ({ share }, { signal }) => {
    while (acknowledged.length < Number(share) * batches) await wait(5, undefined, { signal });
    return acknowledged.length;
  };
  const standStill: ActivityFunction = async (_, { signal }) => {
    await wait(300, undefined, { signal }); // an answer may have been on its way
    const before = acknowledged.length;
    await wait(1200, undefined, { signal });
    if (acknowledged.length !== before) stoodStill = false;
    return acknowledged.length - before;
  };
  const restart: ActivityFunction = async () => {
    if (intake.exitCode === null && intake.signalCode === null) await once(intake, 'close');
    intake = await serve();
    return intake.pid;
  };
  const problems: string[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const steps = method(network, { pid: intake.pid ?? 0 }, round / rounds, 1 / rounds);
      const journal = await runExperiment(
        { title: 'What was acknowledged is there once', description: 'Cut off, killed and unheard.', method: steps },
        { surface: host, allow: { modules: { pushes: { reach, standStill, restart } } } },
      );
      for (const { status, exception } of journal.run) if (status === 'failed') problems.push(String(exception));
    }
    await closed(sender);
  } finally {
    sender.kill('SIGKILL');
    intake.kill('SIGKILL');
    await Promise.all([sender, intake].map(closed));
  }
  const decisions = await decisionsIn(ledger);
  const { verified, entries } = await verifyLedger(ledger);
  return {
    by: network.by,
    acknowledged: acknowledged.length,
    again: acknowledged.filter((repeated) => repeated).length,
    taken: entries['event-batch'] ?? 0,
    decisions,
    verified,
    stoodStill,
    problems,
  };
}

/** Cut off, killed meanwhile, healed; then the answers alone are lost for a while. */
function method(network: Network, intake: FaultTarget, from: number, share: number): object[] {
  const act = (func: string, args: object = {}) => ({
    type: 'action',
    name: func,
    provider: { type: 'javascript', module: 'pushes', func, arguments: args, timeout: 60 },
  });
  const inject = (name: string, { target, fault }: { target: FaultTarget; fault: object }) => ({
    type: 'action',
    name,
    provider: { type: 'tenstrip', target, fault, ttl: 60 },
  });
  const revert = (name: string) => ({
    type: 'action',
    name: `end: ${name}`,
    provider: { type: 'tenstrip', revert: name },
  });
  return [
    act('reach', { share: from + share / 4 }),
    inject('cut off', network.cutOff),
    act('standStill'),
    inject('kill', { target: intake, fault: { kind: 'process.kill' } }),
    act('restart'),
    revert('cut off'),
    act('reach', { share: from + share / 2 }),
    inject('unheard', network.unheard),
    act('standStill'),
    revert('unheard'),
    act('reach', { share: from + (share * 3) / 4 }),
  ];
}

async function decisionsIn(folder: string): Promise<object[]> {
  await using ledger = await AutoblockerLedger.open({ folder, time: 'events' });
  const decisions: object[] = [];
  for await (const { target, from, until, eventCount, evidence } of ledger.query()) {
    decisions.push({ target, from, until, eventCount, evidence });
  }
  return decisions;
}

/** Lines of one batch: guesses from one address, enough for a decision. */
export const linesInBatch = 8;

/** The address that a batch is about. */
export function addressOf(batch: number): string {
  return `198.51.${100 + Math.floor(batch / 200)}.${1 + (batch % 200)}`;
}

/** Where the two ends are, and how they are cut off. */
interface Network extends AsyncDisposable {
  readonly by: PushOutcome['by'];
  readonly policy: TargetPolicyInput;
  /** Where the intake listens: host and port. */
  readonly address: readonly [string, string];
  /** Where the sender finds it. */
  readonly url: string;
  readonly cutOff: { readonly target: FaultTarget; readonly fault: object };
  readonly unheard: { readonly target: FaultTarget; readonly fault: object };
  /** What a command of the intake begins with to be in its place, and one of the sender. */
  readonly intakeWithin: readonly string[];
  readonly senderWithin: readonly string[];
}

/** Whether namespaces can be made and nftables cut them off. */
async function isKernelAtHand(): Promise<boolean> {
  const { faults, programs, privileges } = await probeHost();
  return faults['network.partition'].supported && programs.ip && privileges.sysAdmin;
}

function namespaces(): Network {
  const [outside, inside] = ['out', 'in'].map((side) => `torture-${process.pid}-${side}`) as [string, string];
  const ip = (...args: string[]) => execFileSync('ip', args);
  for (const name of [outside, inside]) ip('netns', 'add', name);
  ip('-n', outside, 'link', 'add', 'push0', 'type', 'veth', 'peer', 'name', 'push0', 'netns', inside);
  for (const [name, address] of [
    [outside, '10.98.0.1/24'],
    [inside, '10.98.0.2/24'],
  ] as const) {
    ip('-n', name, 'addr', 'add', address, 'dev', 'push0');
    ip('-n', name, 'link', 'set', 'push0', 'up');
  }
  const cut = (oneWay: boolean) => ({
    target: { namespace: inside },
    fault: { kind: 'network.partition', peers: ['10.98.0.1'], oneWay },
  });
  return {
    by: 'nftables',
    policy: { namespaces: [inside] },
    address: ['10.98.0.2', '8080'],
    url: 'http://10.98.0.2:8080',
    cutOff: cut(false),
    unheard: cut(true),
    intakeWithin: ['ip', 'netns', 'exec', inside],
    senderWithin: ['ip', 'netns', 'exec', outside],
    async [Symbol.asyncDispose]() {
      for (const name of [outside, inside]) ip('netns', 'del', name);
    },
  };
}

async function proxied(): Promise<Network> {
  const proxies = await startToxiproxyServer({ port: 0, seed: 1 });
  const port = await freePort();
  const created = await fetch(`${proxies.url}/proxies`, {
    method: 'POST',
    body: JSON.stringify({ name: 'intake', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}` }),
  });
  const { listen } = (await created.json()) as { listen: string };
  const silence = (stream: 'upstream' | 'downstream') => ({
    target: { proxy: 'intake' },
    fault: { kind: 'dependency.toxic', type: 'timeout', stream, attributes: { timeout: 0 } },
  });
  return {
    by: 'a proxy',
    policy: { proxies: { intake: proxies.url } },
    address: ['127.0.0.1', port],
    url: `http://${listen}`,
    cutOff: silence('upstream'),
    unheard: silence('downstream'),
    intakeWithin: [],
    senderWithin: [],
    [Symbol.asyncDispose]: () => proxies[Symbol.asyncDispose](),
  };
}

/** One that the intake can have again after it was killed. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/** Runs an end of a push; `within`: the words before it that put it into its network. */
function program(within: readonly string[], args: readonly string[]): ChildProcess {
  const tsNode = join(repository, 'node_modules/ts-node/dist/bin.js');
  const node = [process.execPath, tsNode, '--transpile-only', join(__dirname, 'push-ends.ts'), ...args];
  const [file = '', ...words] = [...within, ...node];
  return spawn(file, words, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function started(within: readonly string[], args: readonly string[]): Promise<ChildProcess> {
  const child = program(within, args);
  const listens = once(child.stdout!, 'data');
  const ended = closed(child).then(() => {
    throw new Error('the intake ended before it listened');
  });
  await Promise.race([listens, ended]);
  ended.catch(() => {});
  return child;
}

async function closed(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
}
