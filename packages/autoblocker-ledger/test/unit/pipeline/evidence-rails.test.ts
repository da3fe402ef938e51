// Rails about evidence, and what is decided over domains and networks, by the ledger as a whole.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AutoblockerLedger,
  type AutoblockerOptions,
  lineDigest,
  type Scenario,
  type SecurityEvent,
} from '../../../src/index.js';

const start = Date.UTC(2026, 10, 23, 8);
const hour = 3_600_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evidence-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = (options: Partial<AutoblockerOptions> = {}) =>
  AutoblockerLedger.open({ folder: join(folder, 'ledger'), time: 'events', durability: 'os', ...options });

function sshLines(address: string, count: number, from = start, word = 'Failed', user?: string): string {
  return Array.from({ length: count }, (_, n) => {
    const stamp = new Date(from + n * 1000).toISOString();
    return `${stamp} web sshd[7]: ${word} password for ${user ?? `u${n}`} from ${address} port 4242 ssh2\n`;
  }).join('');
}

function accessLines(address: string, count: number, status: number, from: number): string {
  return Array.from({ length: count }, (_, n) => {
    const [, day, month, year, clock] = new Date(from + n * 1000).toUTCString().split(' ');
    return `${address} - - [${day}/${month}/${year}:${clock} +0000] "POST /login/${n} HTTP/1.1" ${status} 9 "-" "-"\n`;
  }).join('');
}

function failedLogin(domain: string, address: string, time: number, more: Partial<SecurityEvent> = {}): SecurityEvent {
  return {
    time,
    domain,
    kind: 'authentication-failure',
    actor: [{ kind: 'ip', value: address }],
    outcome: 'failure',
    fields: {},
    evidence: { digest: lineDigest(`${domain} ${address} ${time}`), line: `${domain} ${address}` },
    ...more,
  };
}

async function read(ledger: AutoblockerLedger, name: string, text: string) {
  await writeFile(join(folder, name), text);
  return ledger.readLogs([join(folder, name)], { utcOffsetMinutes: 0, newestTime: start + 48 * hour });
}

async function decisions(ledger: AutoblockerLedger) {
  const found = [];
  for await (const decision of ledger.query()) found.push(decision);
  return found;
}

describe('an actor who fails in two domains', () => {
  it('is one decision for all of them: three logins over ssh, three at an API', async () => {
    await using ledger = await open();
    await read(ledger, 'auth.log', sshLines('203.0.113.5', 3));
    const api = [4, 5, 6].map((second) => failedLogin('api', '203.0.113.5', start + second * 1000));
    const { outcomes } = await ledger.ingest(api);
    expect(outcomes).toMatchObject([{ kind: 'decided', decision: { scenario: { name: 'tenstrip/cross-domain' } } }]);
    for (const domain of ['ssh', 'api', 'mail']) expect(ledger.isBlocked('203.0.113.5', domain)).toBeDefined();
    const [decision, ...others] = await decisions(ledger);
    expect(others).toEqual([]);
    const { evidence, rule } = await ledger.explain(decision!.id);
    expect(evidence.map(({ source }) => source ?? 'api')).toEqual([
      ...Array(3).fill(join(folder, 'auth.log')),
      ...Array(3).fill('api'),
    ]);
    expect(rule.description).toContain('two domains');
  });

  it('is remembered over a restart, from the sources', async () => {
    {
      await using before = await open();
      await read(before, 'auth.log', sshLines('203.0.113.5', 3));
      expect(await decisions(before)).toEqual([]);
    }
    await using ledger = await open();
    // Nothing new stands in the log: what was read before comes again, and only fills up.
    await ledger.readLogs([join(folder, 'auth.log')], { utcOffsetMinutes: 0, newestTime: start + 48 * hour });
    const api = [4, 5, 6].map((second) => failedLogin('api', '203.0.113.5', start + second * 1000));
    expect((await ledger.ingest(api)).outcomes).toMatchObject([{ kind: 'decided' }]);
  });

  it('is spared after a login, until the evidence is strong', async () => {
    await using ledger = await open();
    await read(
      ledger,
      'auth.log',
      sshLines('203.0.113.5', 1, start, 'Accepted') + sshLines('203.0.113.5', 3, start + 10_000),
    );
    const api = (from: number) => [0, 1, 2].map((n) => failedLogin('api', '203.0.113.5', start + from + n));
    expect((await ledger.ingest(api(20_000))).outcomes).toMatchObject([{ kind: 'refused', code: 'KNOWN_GOOD' }]);
  });

  it('is spared whatever a rule says of itself', async () => {
    const sure: Scenario = {
      name: 'test/sure',
      version: '1',
      description: 'one failure',
      references: [],
      domains: 'all',
      filter: (event) => event.outcome === 'failure',
      groupBy: () => '',
      capacity: 0,
      leakSpeedMs: 1,
      score: 1.99,
    };
    await expect(open({ scenarios: [{ ...sure, score: 2 }] })).rejects.toMatchObject({ code: 'ScenarioInvalid' });
    await using ledger = await open({ scenarios: [sure], rails: { knownGoodScore: 2 } });
    await ledger.ingest(failedLogin('api', '203.0.113.5', start, { outcome: 'success' }));
    const failed = (address: string) => ledger.ingest(failedLogin('api', address, start + 1000));
    expect((await failed('203.0.113.5')).outcomes).toMatchObject([{ kind: 'refused', code: 'KNOWN_GOOD' }]);
    expect((await failed('203.0.113.6')).outcomes).toMatchObject([{ kind: 'decided' }]);
  });

  it('lasts longer the second time, whatever the domains were', async () => {
    await using ledger = await open();
    await read(ledger, 'auth.log', sshLines('203.0.113.5', 6));
    await read(ledger, 'access.log', accessLines('203.0.113.5', 6, 401, start + 5 * hour));
    const all = await decisions(ledger);
    expect(all.map(({ from, until }) => (until! - from) / hour)).toEqual([4, 8]);
    expect((await ledger.explain(all[1]!.id)).escalation).toEqual({ earlier: 1, lengthMs: 8 * hour });
  });
});

describe('FEEDBACK_LOOP', () => {
  it('lets refusals by a block prolong nothing, in whatever log they stand', async () => {
    await using ledger = await open();
    await read(ledger, 'auth.log', sshLines('203.0.113.5', 6));
    const [before] = await decisions(ledger);
    for (const status of [403, 429])
      await read(ledger, `${status}.log`, accessLines('203.0.113.5', 60, status, start + hour));
    expect(await decisions(ledger)).toEqual([before]);
    expect(ledger.statistics().feedbackEvents).toBe(120);
    // What the application itself refused still counts.
    await read(ledger, 'app.log', accessLines('203.0.113.5', 20, 401, start + 2 * hour));
    expect((await decisions(ledger))[0]!.until).toBeGreaterThan(before!.until!);
  });

  it('holds for lines that are read after the block was taken back, or had ended', async () => {
    await using ledger = await open();
    const { decision } = (await ledger.addBlock({
      target: '203.0.113.0/24',
      reason: 'test',
      time: start,
      durationMs: hour,
    })) as {
      decision: { id: bigint };
    };
    await ledger.ingest(failedLogin('ssh', '192.0.2.1', start + 60_000));
    await ledger.revoke(decision.id, { code: 'false-positive' });
    await read(ledger, 'late.log', accessLines('203.0.113.5', 50, 403, start + 5000));
    expect((await decisions(ledger)).length).toBe(1);
    await read(ledger, 'new.log', accessLines('203.0.113.5', 50, 403, start + 10 * 60_000));
    expect((await decisions(ledger)).map(({ target }) => target)).toContainEqual({ kind: 'ip', value: '203.0.113.5' });
  });

  it('does not make a block of one service an excuse at another', async () => {
    await using ledger = await open();
    await ledger.addBlock({
      target: '203.0.113.5',
      reason: 'test',
      time: start,
      domains: ['mail'],
      durationMs: 9 * hour,
    });
    await read(ledger, 'access.log', accessLines('203.0.113.5', 20, 403, start + 5000));
    expect(await decisions(ledger)).toHaveLength(2);
  });

  it('refuses, on the record, a proposal that rests on nothing else', async () => {
    await using ledger = await open();
    await ledger.addBlock({ target: '203.0.113.5', reason: 'test', time: start, domains: ['http'], durationMs: hour });
    const refused = failedLogin('http', '203.0.113.5', start + 5000, { kind: 'request', fields: { status: '403' } });
    const wish = {
      target: '203.0.113.5',
      reason: 'a detector of its own',
      origin: 'scenario',
      time: start + 6000,
    } as const;
    const outcome = await ledger.addBlock({ ...wish, evidence: [refused] });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'FEEDBACK_LOOP' });
    expect(ledger.statistics().entries.refusal).toBe(1);
    const own = failedLogin('ssh', '203.0.113.5', start + 5500);
    expect(await ledger.addBlock({ ...wish, evidence: [refused, own] })).toMatchObject({ kind: 'decided' });
  });
});

describe('SPOOFABLE', () => {
  it.each(['udp', 'icmp', 'tcp-syn'] as const)('allows a throttle on evidence by %s, and no ban', async (transport) => {
    await using ledger = await open();
    const evidence = [failedLogin('dns', '203.0.113.5', start, { transport })];
    const wish = { target: '203.0.113.5', reason: 'test', origin: 'scenario' } as const;
    expect(await ledger.addBlock({ ...wish, evidence })).toMatchObject({
      kind: 'decided',
      decision: { action: 'throttle', rail: { code: 'SPOOFABLE' } },
    });
    expect(await ledger.addBlock({ ...wish, evidence, origin: 'person', target: '203.0.113.6' })).toMatchObject({
      decision: { action: 'ban', rail: undefined },
    });
  });

  it('holds for lines of a firewall, whose parsers name no transport', async () => {
    await using ledger = await open();
    const evidence = [failedLogin('tcp', '203.0.113.5', start, { kind: 'iptables-drop' })];
    const wish = { target: '203.0.113.5', reason: 'test', origin: 'scenario', evidence } as const;
    expect(await ledger.addBlock(wish)).toMatchObject({
      decision: { action: 'throttle', rail: { code: 'SPOOFABLE' } },
    });
  });

  it('extends the throttle that runs instead of adding another', async () => {
    await using ledger = await open();
    const propose = (time: number) =>
      ledger.addBlock({
        target: '203.0.113.5',
        reason: 'test',
        origin: 'scenario',
        time,
        evidence: [failedLogin('dns', '203.0.113.5', time, { transport: 'udp' })],
      });
    expect((await propose(start)).kind).toBe('decided');
    expect((await propose(start + hour)).kind).toBe('extended');
    expect(await decisions(ledger)).toHaveLength(1);
  });
});

describe('SHARED_ADDRESS', () => {
  it.each([
    ['behind a carrier’s NAT', '100.64.7.7'],
    ['configured', '192.0.2.66'],
  ])('throttles an address %s', async (_, address) => {
    await using ledger = await open({ sharedNetworks: ['192.0.2.64/28'] });
    await read(ledger, 'auth.log', sshLines(address, 6));
    const [decision, ...others] = await decisions(ledger);
    expect(others).toEqual([]);
    expect(decision).toMatchObject({ action: 'throttle', rail: { code: 'SHARED_ADDRESS' } });
    const { rails } = await ledger.explain(decision!.id);
    expect(rails.find(({ code }) => code === 'SHARED_ADDRESS')?.objection).toBe(decision!.rail!.detail);
  });

  it('throttles an address under which five users logged in', async () => {
    await using ledger = await open({ rails: { knownGoodScore: 2 } });
    const users = ['ann', 'bob', 'cleo', 'dan'];
    const logins = users.map((user, n) => sshLines('203.0.113.5', 1, start + n * 1000, 'Accepted', user)).join('');
    await read(ledger, 'auth.log', logins);
    const wish = { target: '203.0.113.5', reason: 'test', origin: 'scenario', score: 9, time: start + 9000 } as const;
    expect(ledger.judge(wish)).toEqual({ kind: 'allow' });
    await read(ledger, 'more.log', sshLines('203.0.113.5', 1, start + 8000, 'Accepted', 'eve'));
    expect(ledger.judge(wish)).toMatchObject({ kind: 'throttle', code: 'SHARED_ADDRESS' });
    expect(ledger.judge({ ...wish, time: start + 30 * hour })).toEqual({ kind: 'allow' });
  });
});

describe('a network of repeat offenders', () => {
  const guessers = (count: number, from = start, first = 1) =>
    Array.from({ length: count }, (_, n) => sshLines(`203.0.113.${first + n}`, 6, from + n * 60_000)).join('');
  const networks = async (ledger: AutoblockerLedger) =>
    (await decisions(ledger)).filter(({ target }) => target.kind === 'range');

  it('is banned with the eighth of its addresses, once, and extended after', async () => {
    await using ledger = await open();
    await read(ledger, 'seven.log', guessers(7));
    expect(await networks(ledger)).toEqual([]);
    await read(ledger, 'eighth.log', guessers(1, start + hour, 8));
    expect(await networks(ledger)).toMatchObject([
      { target: { kind: 'range', value: '203.0.113.0/24' }, state: 'active', extensions: 0, eventCount: 8 },
    ]);
    const { evidence } = await ledger.explain((await networks(ledger))[0]!.id);
    expect(new Set(evidence.map(({ line }) => /from (\S+)/.exec(line!)![1])).size).toBe(8);
    await read(ledger, 'ninth.log', guessers(1, start + 3 * hour, 99));
    expect(await networks(ledger)).toMatchObject([{ extensions: 1 }]);
    const extended = await ledger.explain((await networks(ledger))[0]!.id);
    expect(extended.evidence.map(({ line }) => /from (\S+)/.exec(line!)![1]).slice(8)).toEqual(['203.0.113.99']);
  });

  it('counts a /64 once, and proposes the /48', async () => {
    await using ledger = await open();
    const of = (network: (n: number) => string) =>
      Array.from({ length: 9 }, (_, n) => sshLines(network(n), 6, start + n * 60_000)).join('');
    await read(
      ledger,
      'one.log',
      of((n) => `2001:db8:1:1::${n + 1}`),
    );
    expect(await networks(ledger)).toEqual([]);
    await read(
      ledger,
      'many.log',
      of((n) => `2001:db8:2:${n + 1}::1`),
    );
    expect(await networks(ledger)).toMatchObject([{ target: { value: '2001:db8:2::/48' } }]);
  });

  it('is for a person to decide when somebody logs in from it, and is left alone when the bans were mistakes', async () => {
    await using ledger = await open();
    await read(ledger, 'login.log', sshLines('203.0.113.200', 1, start - hour, 'Accepted', 'ann'));
    await read(ledger, 'auth.log', guessers(9));
    expect(await networks(ledger)).toMatchObject([{ state: 'pending-review', rail: { code: 'KNOWN_GOOD' } }]);
    expect(ledger.isBlocked('203.0.113.200')).toBeUndefined();

    await using other = await AutoblockerLedger.open({ folder: 'memory:', time: 'events' });
    await read(other, 'seven.log', guessers(7));
    for (const { id } of await decisions(other)) await other.revoke(id, { code: 'false-positive' });
    await read(other, 'eighth.log', guessers(1, start + hour, 8));
    expect(await networks(other)).toEqual([]);
  });
});

describe('a stamp of the future', () => {
  const later = 10 * 365 * 24 * hour;
  const attack = (address: string, from: number) =>
    [0, 1, 2, 3, 4, 5].map((ms) => failedLogin('ssh', address, from + ms));
  const lengthOf = (ledger: AutoblockerLedger, address: string, from: number) =>
    (ledger.isBlocked(address)?.until ?? Number.NaN) - from;

  it('makes no ban longer: the clock counts where it is the clock that says what is now', async () => {
    await using ledger = await open({ time: 'clock' });
    const { now } = ledger;
    await ledger.ingest(attack('203.0.113.5', now + later));
    expect(lengthOf(ledger, '203.0.113.5', now)).toBeLessThan(5 * hour);
  });

  it('in a file is no different', async () => {
    await using ledger = await open({ time: 'clock' });
    const { now } = ledger;
    await read(ledger, 'auth.log', sshLines('203.0.113.5', 6, now + later));
    expect(lengthOf(ledger, '203.0.113.5', now)).toBeLessThan(5 * hour);
  });

  it('does not make the ledger forget who logged in', async () => {
    await using ledger = await open({ time: 'clock' });
    const { now } = ledger;
    const login = (address: string, time: number) =>
      failedLogin('ssh', address, time, { kind: 'login', outcome: 'success', victim: { user: 'ann' } });
    await ledger.ingest([login('198.51.100.7', now - hour), login('198.51.100.8', now + later)]);
    const { outcomes } = await ledger.ingest(attack('198.51.100.7', now - 1000));
    expect(outcomes).toMatchObject([{ kind: 'refused', code: 'KNOWN_GOOD' }]);
  });
});

it('what was taken back adds nothing to the score by which one who logged in may be blocked after all', async () => {
  await using ledger = await open();
  const login = { kind: 'login', outcome: 'success', victim: { user: 'ann' } } as const;
  await ledger.ingest(failedLogin('ssh', '198.51.100.7', start, login));
  const wish = { target: '198.51.100.7', reason: 'test', origin: 'scenario', time: start + hour } as const;
  const strong = await ledger.addBlock({ ...wish, score: 3 });
  if (strong.kind !== 'decided') throw new Error(strong.kind);
  await ledger.revoke(strong.decision.id, { code: 'false-positive' });
  expect(await ledger.addBlock({ ...wish, score: 1 })).toMatchObject({ kind: 'refused', code: 'KNOWN_GOOD' });
});
