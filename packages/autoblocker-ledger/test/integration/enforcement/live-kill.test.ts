// A blocker that follows a log, takes batches by HTTP and enforces with nftables is killed with SIGKILL at random moments, while the
// log grows: what was acknowledged is there, nothing counts twice, and the kernel's set is what the ledger says.

import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AutoblockerLedger, EnforcementLoop, NftablesEnforcer, verifyLedger } from '@tenstrip/autoblocker-ledger';
import { seededRandom } from '@tenstrip/shared-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireFull, requireRoot, requireTool } from '../../../../../tools/test-requirements.mjs';
import { loginLog } from '../login-log.mjs';
import { NetworkNamespace } from './network-namespace.js';

const able = [requireTool('nft'), requireTool('ip'), requireRoot()].every(({ available }) => available);
const child = fileURLToPath(new URL('live.child.mjs', import.meta.url));
const key = '0123456789abcdef';
const rails = { blocksPerMinute: 10_000, blocksPerMinuteOfScenario: 10_000 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'live-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Six failed logins at an API, of an address that is the batch's own. */
function batchBody(number: number): string {
  const value = `198.18.${number >> 8}.${number & 255}`;
  const events = Array.from({ length: 6 }, (_, n) => ({
    time: Date.UTC(2026, 10, 23, 0, 0, n),
    domain: 'api',
    kind: 'authentication-failure',
    actor: [{ kind: 'ip', value }],
    outcome: 'failure',
    evidence: { digest: String(number).padStart(63, '0') + n },
  }));
  return JSON.stringify({ events });
}

/** Sends a batch; the checkpoint of its acknowledgement, if there was one. */
async function send(port: number, number: number): Promise<string | undefined> {
  try {
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': `batch-${number}` };
    const init = { method: 'POST', headers, body: batchBody(number) };
    const response = await fetch(`http://127.0.0.1:${port}/v1/events`, init);
    return response.status === 200 ? ((await response.json()) as { checkpoint: string }).checkpoint : undefined;
  } catch {
    return undefined;
  }
}

/** What was decided, without indexes, which depend on where positions were committed. */
async function decisionsOf(ledger: AutoblockerLedger, isMine: (address: string) => boolean): Promise<unknown[]> {
  const found = [];
  for await (const { target, from, until, evidence, extensions, eventCount } of ledger.query()) {
    if (target.kind === 'ip' && isMine(target.value))
      found.push({ target, from, until, evidence, extensions, eventCount });
  }
  return found;
}

const isPushed = (address: string) => address.startsWith('198.18.');

async function killAndRestart(kills: number): Promise<void> {
  using namespace = new NetworkNamespace();
  const enforcer = new NftablesEnforcer({ namespace: namespace.name });
  const random = seededRandom('live kills');
  const [log, place] = [join(folder, 'auth.log'), join(folder, 'ledger')];
  const lines = loginLog(kills * 60, 8 + Math.floor(kills / 5)).split('\n');
  writeFileSync(log, '');
  let written = 0;
  let batch = 0;
  let acknowledged = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const running = spawn(process.execPath, [child, place, log, namespace.name, key], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let checkpoint: string | undefined;
    const output = createInterface(running.stdout);
    const port = new Promise<number>((resolve, reject) => {
      output.on('line', (line) => {
        const said: unknown = JSON.parse(line);
        if (typeof said === 'number') resolve(said);
        else checkpoint = said as string;
      });
      running.once('close', () => reject(new Error('it ended by itself')));
    });
    const ended = new Promise((resolve) => running.once('close', resolve));
    const listening = await port;
    // Every other one is killed at a moment after it has acknowledged something, however slow the machine is.
    let mayEnd = kill % 2 === 0;
    const killSoon = () => setTimeout(() => running.kill('SIGKILL'), random.integer(0, 150));
    if (mayEnd) killSoon();
    while (running.signalCode === null) {
      const upTo = written + random.integer(1, 12);
      if (upTo <= (kill + 1) * 60) {
        // Torn lines too: a writer is not asked where the reader stands.
        appendFileSync(log, `${lines.slice(written, upTo).join('\n')}\n`);
        written = upTo;
      }
      const answer = await send(listening, batch);
      if (answer !== undefined) {
        checkpoint = answer;
        acknowledged += 1;
        batch += 1;
        if (!mayEnd) killSoon();
        mayEnd = true;
      }
      await sleep(random.integer(0, 5));
    }
    await ended;

    await using ledger = await AutoblockerLedger.open({ folder: place, time: 'events', durability: 'os' });
    await using loop = new EnforcementLoop({ ledger, enforcer, tickMs: 5 }).start();
    await loop.caughtUp();
    const active: string[] = [];
    for await (const { target } of ledger.query({ state: 'active' })) {
      if (target.kind === 'ip') active.push(`${target.value}/32`);
      if (target.kind === 'range') active.push(target.value);
    }
    expect(Object.keys(namespace.elements('tenstrip') ?? {}).sort()).toEqual(active.sort());
    await ledger.close();
    const verified = await verifyLedger(place, checkpoint === undefined ? {} : { checkpoint });
    expect(verified).toMatchObject({ verified: true, problems: [] });
  }

  await using killed = await AutoblockerLedger.open({ folder: place, time: 'events', durability: 'os', rails });
  await killed.readLogs([log]);
  expect(acknowledged).toBeGreaterThan(kills / 4);
  const pushed = (await decisionsOf(killed, isPushed)) as { eventCount: number; extensions: number }[];
  expect(pushed.length).toBeGreaterThanOrEqual(acknowledged);
  expect(pushed.length).toBeLessThanOrEqual(acknowledged + 1);
  for (const one of pushed) expect(one).toMatchObject({ eventCount: 6, extensions: 0 });
  await using whole = await AutoblockerLedger.open({ folder: 'memory:', time: 'events', rails });
  await whole.readLogs([log]);
  const expected = await decisionsOf(whole, () => true);
  expect(expected.length).toBeGreaterThan(3);
  expect(await decisionsOf(killed, (address) => !isPushed(address))).toEqual(expected);
}

describe.skipIf(!able)('a blocker that is killed while it works', () => {
  it('loses nothing acknowledged, counts nothing twice, and enforces what it says', { timeout: 300_000 }, () =>
    killAndRestart(6),
  );

  const full = requireFull();
  it.skipIf(!full.available)('does so 200 times', { timeout: 3_600_000 }, () => killAndRestart(200));
});
