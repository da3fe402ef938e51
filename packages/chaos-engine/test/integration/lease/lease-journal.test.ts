import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseKeeper } from '@tenstrip/chaos-engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireRoot, requireTool } from '../../../../../tools/test-requirements.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leases-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (): string => join(folder, 'leases.jsonl');
const open = (): Promise<LeaseKeeper> => LeaseKeeper.open({ folder });

/** A journal in the format of the specification, written by hand: each line carries the hash of the one before and its text. */
function journal(values: readonly unknown[]): string {
  let hash = '0'.repeat(64);
  return values
    .map((value) => {
      const text = JSON.stringify(value);
      hash = createHash('sha256')
        .update(hash + text)
        .digest('hex');
      return `${hash} ${text}\n`;
    })
    .join('');
}

const engine = (bootId: string) => ({
  type: 'engine',
  bootId,
  engine: { pid: 2 ** 22, startTime: 1 },
  reaper: { pid: 2 ** 22, startTime: 1 },
});
const lease = (id: string, pid: number, startTime: number) => ({
  type: 'lease',
  lease: {
    id,
    target: { pid },
    fault: { kind: 'process.pause' },
    grantedAt: 0,
    endsAt: 1,
    undo: [{ kind: 'sigcont', pid, startTime }],
  },
});
const here = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
const fieldOf = (pid: number, index: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[index] ?? '';

/** A stopped process, whose undo stands in a journal. */
async function stopped(): Promise<{ pid: number; start: number; state(): string; end(): void }> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  child.kill('SIGSTOP');
  while (fieldOf(pid, 0) !== 'T') await new Promise((resolve) => setTimeout(resolve, 1));
  return { pid, start: Number(fieldOf(pid, 19)), state: () => fieldOf(pid, 0), end: () => child.kill('SIGKILL') };
}

describe('the journal of leases', () => {
  it('is for its owner alone, and for one engine at a time', async () => {
    await using first = await open();
    expect(first.recovered).toEqual({ found: [], failed: [] });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    await expect(open()).rejects.toMatchObject({ code: 'JournalUnavailable', retryable: true });
    await first.close();
    await using second = await open();
    expect(second.active).toEqual([]);
  });

  it('is opened though what a dead engine leaves behind has it for a while longer', async () => {
    writeFileSync(path(), journal([engine(here)]));
    const { dev, ino } = statSync(folder);
    const left = createServer();
    await new Promise<void>((resolve) => left.listen({ path: `\0tenstrip-leases-${dev}-${ino}` }, resolve));
    const opening = open();
    // Longer than one that is alive is given to close.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    left.close();
    await using keeper = await opening;
    expect(keeper.active).toEqual([]);
  });

  it('undoes what stands in it, but for another process of the same number', async () => {
    const victim = await stopped();
    writeFileSync(path(), journal([engine(here), lease('a'.repeat(16), victim.pid, victim.start + 1)]));
    await (await open()).close();
    expect(victim.state()).toBe('T');
    writeFileSync(path(), journal([engine(here), lease('a'.repeat(16), victim.pid, victim.start)]));
    await using keeper = await open();
    expect(keeper.recovered.found.map(({ id }) => id)).toEqual(['a'.repeat(16)]);
    expect(victim.state()).not.toBe('T');
    victim.end();
  });

  it('takes nothing for undone in this kernel that was done in another', async () => {
    const victim = await stopped();
    writeFileSync(path(), journal([engine('another-boot'), lease('a'.repeat(16), victim.pid, victim.start)]));
    await using keeper = await open();
    expect(keeper.recovered.failed).toEqual([]);
    expect(victim.state()).toBe('T');
    victim.end();
  });

  it.each([
    ['half a line', (text: string) => text.slice(0, -20)],
    ['a line without its end', (text: string) => text.slice(0, -1)],
    ['a last line of zeros, as some file systems leave', (text: string) => `${text}${'\0'.repeat(200)}\n`],
    ['noise', (text: string) => `${text}\u00ff\u0000{"`],
  ])('cuts a torn end: %s', async (_, tear) => {
    const victim = await stopped();
    const whole = [engine(here), lease('a'.repeat(16), victim.pid, victim.start)];
    writeFileSync(path(), tear(journal([...whole, { type: 'end', id: 'b'.repeat(16), how: 'expired' }])));
    await using keeper = await open();
    expect(keeper.recovered.found).toHaveLength(1);
    expect(keeper.recovered.damaged).toBeUndefined();
    expect(victim.state()).not.toBe('T');
    victim.end();
  });

  it('puts a chain that is broken before its end aside, and undoes what stands before the break', async () => {
    const victim = await stopped();
    const first = journal([engine(here), lease('a'.repeat(16), victim.pid, victim.start)]);
    writeFileSync(path(), first);
    appendFileSync(path(), `${'0'.repeat(64)} {"type":"end","id":"${'a'.repeat(16)}","how":"reverted"}\n`.repeat(2));
    const before = readFileSync(path());
    await using keeper = await open();
    expect(victim.state()).not.toBe('T');
    const { damaged = '' } = keeper.recovered;
    expect(readFileSync(damaged).equals(before)).toBe(true);
    expect(readdirSync(folder)).toContain('leases.jsonl');
    victim.end();
  });

  it('stays short however many leases come and go', async () => {
    await using keeper = await open();
    const target = { host: 'local' } as const;
    const fault = { kind: 'memory.fill', bytes: 1 } as const;
    for (let round = 0; round < 24; round++) {
      const request = { target, fault, ttlMs: 60_000, undo: [] };
      const leases = await Promise.all(Array.from({ length: 100 }, () => keeper.grant(request)));
      await Promise.all(leases.map((one) => one.revert()));
    }
    expect(statSync(path()).size).toBeLessThan(1 << 20);
    expect(keeper.active).toEqual([]);
  });

  it('refuses a lease of no time, and too many', async () => {
    await using keeper = await LeaseKeeper.open({ folder, maximumLeases: 1 });
    const request = { target: { host: 'local' }, fault: { kind: 'memory.fill', bytes: 1 }, undo: [] } as const;
    await expect(keeper.grant({ ...request, ttlMs: 0 })).rejects.toMatchObject({ code: 'OptionsInvalid' });
    await keeper.grant({ ...request, ttlMs: 60_000 });
    await expect(keeper.grant({ ...request, ttlMs: 1000 })).rejects.toMatchObject({ code: 'BlastRadiusExceeded' });
    await keeper.close();
    await expect(keeper.grant({ ...request, ttlMs: 1000 })).rejects.toMatchObject({ code: 'EngineClosed' });
  });

  it('goes on with another reaper when its own dies', async () => {
    await using keeper = await open();
    const victim = await stopped();
    const undo = [{ kind: 'sigcont', pid: victim.pid, startTime: victim.start }] as const;
    const request = { target: { pid: victim.pid }, fault: { kind: 'process.pause' }, undo } as const;
    const held = await keeper.grant({ ...request, ttlMs: 2000 });
    const first = keeper.reaper?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    expect(await held.ended).toBe('expired');
    expect(victim.state()).not.toBe('T');
    expect(keeper.reaper?.pid).not.toBe(first);
    victim.end();
  });

  it('does nothing under a lease that is over', async () => {
    await using keeper = await open();
    const request = { target: { host: 'local' }, fault: { kind: 'memory.fill', bytes: 1 }, undo: [] } as const;
    const held = await keeper.grant({ ...request, ttlMs: 1 });
    await held.ended;
    let done = false;
    const late = held.apply(async () => {
      done = true;
    });
    await expect(late).rejects.toMatchObject({ code: 'OptionsInvalid' });
    expect(done).toBe(false);
  });
});

const strace = requireTool('strace');
describe.skipIf(!strace.available)('when its folder cannot be synced after it was rewritten', () => {
  it('grants no more, as neither the old file nor the new one is certain to stay', () => {
    const program = `
      import { LeaseKeeper } from '@tenstrip/chaos-engine';
      const keeper = await LeaseKeeper.open({ folder: ${JSON.stringify(folder)} });
      const undo = Array.from({ length: 4000 }, () => ({ kind: 'sigcont', pid: 2 ** 22, startTime: 1 }));
      const request = { target: { host: 'local' }, fault: { kind: 'memory.fill', bytes: 1 }, ttlMs: 60_000, undo };
      let granted = 0;
      try {
        for (; granted < 12; granted++) await (await keeper.grant(request)).revert();
      } catch (error) {
        console.log(JSON.stringify([granted > 2, error.code, error.cause.details]));
      }
      process.exit();
    `;
    // The folder is synced when it is opened; the draft and the folder when it is rewritten.
    const calls = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=3'];
    const said = execFileSync('strace', [...calls, process.execPath, '--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, // strace counts the calls of each thread
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual([true, 'JournalUnavailable', { path: path(), systemCode: 'EIO' }]);
  });
});

const ownMounts = [requireRoot(), requireTool('unshare'), requireTool('mount')];
describe.skipIf(ownMounts.some(({ available }) => !available))('on a full disk', () => {
  it('no lease is granted, what is granted is undone, and it goes on when there is room', () => {
    const program = `
      import { rmSync, writeFileSync } from 'node:fs';
      import { LeaseKeeper } from '@tenstrip/chaos-engine';
      const folder = ${JSON.stringify(folder)};
      const keeper = await LeaseKeeper.open({ folder });
      const request = { target: { host: 'local' }, fault: { kind: 'memory.fill', bytes: 1 }, ttlMs: 60_000, undo: [] };
      const first = await keeper.grant(request);
      const said = [];
      try { writeFileSync(folder + '/filler', Buffer.alloc(1 << 20)); } catch (error) { said.push(error.code); }
      try { for (let n = 0; n < 100; n++) await keeper.grant(request); } catch (error) { said.push(error.code); }
      await first.revert();
      rmSync(folder + '/filler');
      const last = await keeper.grant(request);
      said.push(await last.revert().then(() => 'reverted'));
      await keeper.close();
      const { recovered } = await LeaseKeeper.open({ folder });
      said.push(recovered.damaged ?? 'whole', recovered.failed.length);
      console.log(JSON.stringify(said));
      process.exit();
    `;
    const script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" --input-type=module -e "$3"';
    const args = ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, program];
    const said = execFileSync('unshare', args, { cwd: import.meta.dirname, encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual(['ENOSPC', 'JournalUnavailable', 'reverted', 'whole', 0]);
  });
});
