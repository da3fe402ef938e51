// The suite's main job under torture: watchtower is starved, paused and killed while it reads logs, again and again. After each
// kill its ledger must verify, and what it decided in the end must be what an undisturbed run decides. Then its intake is cut off from who
// pushes to it, unheard and killed: what was acknowledged must be in the ledger once. Run it with
// `npx ts-node examples/chaos-engine/torture-watchtower.ts [rounds]`; it harms only processes that it starts itself. Linux.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ActivityFunction, type FaultTarget, HostSurface, runExperiment } from '@tenstrip/chaos-engine';
import { seededRandom } from '@tenstrip/shared-core';
import { pushUnderTorture } from './torture/watchtower-pushes';

const repository = resolve(__dirname, '../..');
const rounds = Number(process.argv[2] ?? 3);

interface Decided {
  readonly blocked: readonly { target: string; scenarios: unknown; evidence: unknown; from: unknown; until: unknown }[];
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'torture-watchtower-'));
  const log = join(folder, 'auth.log');
  writeFileSync(log, attacks());
  const calm = join(folder, 'calm');
  const tortured = join(folder, 'tortured');
  const undisturbed = decisionsOf(await finished(start(calm, log)));
  const size = entryBytes(calm);
  console.log('undisturbed:', undisturbed.length, 'decisions');

  const policy = { processes: { ownChildren: true }, host: { cores: 2 }, irreversible: true };
  const host = await HostSurface.open({ folder: join(folder, 'leases'), policy });
  const random = seededRandom(7);
  let verified = 0;
  for (let round = 0; round < rounds; round++) {
    const child = start(tortured, log);
    const pid = child.pid ?? 0;
    child.stdout?.resume();
    /** Waits until a share of what a whole run writes is written. */
    const reach: ActivityFunction = async ({ share }, { signal }) => {
      while (entryBytes(tortured) < Number(share) * size && child.exitCode === null)
        await wait(2, undefined, { signal });
      return entryBytes(tortured);
    };
    const from = round / (rounds + 1);
    const journal = await runExperiment(torture({ pid }, from, random.integer(20, 300)), {
      surface: host,
      allow: { modules: { watchtower: { reach } } },
    });
    if (child.exitCode === null && child.signalCode === null) await new Promise((done) => child.once('close', done));
    const code = await ended(program(['verify', tortured]));
    if (code === 0) verified += 1;
    const failed = journal.run.filter(({ status }) => status === 'failed');
    if (failed.length > 0) console.error(failed.map(({ exception }) => exception).join('; '));
  }
  console.log('its ledger verified after', verified, 'of', rounds, 'kills');
  const survived = decisionsOf(await finished(start(tortured, log)));
  const equal = JSON.stringify(survived) === JSON.stringify(undisturbed);
  console.log(equal ? 'it decided what the undisturbed one decided' : 'ITS DECISIONS DIFFER');
  await host.close();

  const calmly = await pushUnderTorture(join(folder, 'pushed-calmly'), 0);
  const pushed = await pushUnderTorture(join(folder, 'pushed'), rounds);
  const { by, acknowledged, again, taken, problems } = pushed;
  console.log('pushed, cut off by', by, 'and killed:', acknowledged, 'batches acknowledged,', taken, 'in the ledger');
  console.log('acknowledged only when sent again, as the first answer was lost:', again);
  console.log(pushed.stoodStill ? 'cut off, nothing was acknowledged' : 'ACKNOWLEDGED WHILE CUT OFF');
  const once = JSON.stringify(pushed.decisions) === JSON.stringify(calmly.decisions) && pushed.verified;
  console.log(
    once ? 'it verifies, and decided what it decides undisturbed' : 'ITS DECISIONS DIFFER, OR IT DOES NOT VERIFY',
  );
  if (problems.length > 0) console.error(problems.join('; '));
  rmSync(folder, { recursive: true });
  const kept = once && pushed.stoodStill && acknowledged === taken && problems.length === 0;
  process.exitCode = equal && verified === rounds && kept ? 0 : 1;
}

/** Starves it while it starts, pauses it while it writes, and kills it a moment later. */
function torture(target: FaultTarget, from: number, pauseMs: number): object {
  const inject = (name: string, on: FaultTarget, fault: object, after: number) => ({
    type: 'action',
    name,
    provider: { type: 'tenstrip', target: on, fault, ttl: 120 },
    pauses: { after },
  });
  const reach = (share: number) => ({
    type: 'probe',
    name: `reads on to ${share.toFixed(2)}`,
    provider: { type: 'javascript', module: 'watchtower', func: 'reach', arguments: { share }, timeout: 120 },
  });
  return {
    title: 'Watchtower loses nothing',
    description: 'Starved, paused and killed, it goes on where its ledger ends.',
    method: [
      inject('starve', { host: 'local' }, { kind: 'cpu.burn', cores: 2, percent: 80 }, 0),
      reach(from + 0.05),
      inject('pause', target, { kind: 'process.pause' }, pauseMs / 1000),
      { type: 'action', name: 'go on', provider: { type: 'tenstrip', revert: 'pause' } },
      reach(from + 0.1),
      inject('kill', target, { kind: 'process.kill' }, 0),
    ],
  };
}

function start(ledger: string, log: string): ChildProcess {
  return program(['--json', '--ledger', ledger, log]);
}

function program(args: readonly string[]): ChildProcess {
  const tsNode = join(repository, 'node_modules/ts-node/dist/bin.js');
  const words = [tsNode, '--transpile-only', join(repository, 'examples/watchtower/main.ts'), ...args];
  return spawn(process.execPath, words, { cwd: repository, stdio: ['ignore', 'pipe', 'ignore'] });
}

async function finished(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((done) => child.once('close', done));
  return text;
}

async function ended(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume();
  return new Promise((done) => child.once('close', (code) => done(code)));
}

/** What was decided, without what differs from run to run: ids and proofs. */
function decisionsOf(document: string): object[] {
  return (JSON.parse(document) as Decided).blocked
    .map(({ target, scenarios, evidence, from, until }) => ({ target, scenarios, evidence, from, until }))
    .sort((a, b) => (JSON.stringify(a.target) < JSON.stringify(b.target) ? -1 : 1));
}

/** How much of its log a ledger has written. */
function entryBytes(ledger: string): number {
  const folder = join(ledger, 'log', 'entries');
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Guessers among many others who fail once: enough to read for a while. */
function attacks(): string {
  const noon = Date.parse('2026-03-01T12:00:00Z');
  const line = (at: number, address: string) =>
    `${new Date(at).toISOString()} web sshd[7]: Failed password for root from ${address} port 4242 ssh2\n`;
  let text = '';
  for (let block = 0; block < 1500; block++) {
    const at = noon + block * 20_000;
    const guesses = block % 250 === 0 ? 15 : 0;
    for (let guess = 0; guess < guesses; guess++) text += line(at + guess * 1000, `203.0.113.${1 + block / 250}`);
    for (let other = 0; other < 8; other++) text += line(at + other * 100, `198.51.${block % 100}.${other * 30 + 1}`);
  }
  return text;
}

void main();
