// What cannot be undone now stays owed.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseKeeper } from '@tenstrip/chaos-engine';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let folder = '';
let isBroken = true;
let asked: string[] = [];
const proxy = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.writeHead(isBroken ? 500 : 204).end();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'leases-'));
  isBroken = true;
  asked = [];
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  proxy.closeAllConnections();
  proxy.close();
  rmSync(folder, { recursive: true });
});

function slowDatabase() {
  const api = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    target: { proxy: 'db' },
    fault: { kind: 'dependency.toxic', type: 'latency', stream: 'downstream', toxicity: 1, attributes: {} },
    ttlMs: 60_000,
    undo: [{ kind: 'proxy-toxic', api, proxy: 'db', toxic: 'slow' }],
  } as const;
}

describe('an undo that does not work', () => {
  it('is owed until it does', async () => {
    const request = slowDatabase();
    const keeper = await LeaseKeeper.open({ folder });
    const lease = await keeper.grant(request);
    await expect(lease.revert()).rejects.toMatchObject({
      code: 'RevertFailed',
      retryable: true,
      details: { id: lease.id, undo: request.undo },
    });
    expect(keeper.active).toEqual([lease]);
    isBroken = false;
    await lease.revert();
    expect(keeper.active).toEqual([]);
    expect(await lease.ended).toBe('reverted');
    await keeper.close();
    expect(new Set(asked)).toEqual(new Set(['DELETE /proxies/db/toxics/slow']));
  });

  it('is left to the reaper by a close that does not wait longer than it was told', async () => {
    const keeper = await LeaseKeeper.open({ folder, closeWithinMs: 300 });
    const { pid } = keeper.reaper!;
    const { record } = await keeper.grant(slowDatabase());
    const began = performance.now();
    expect(await keeper.close()).toEqual([record]);
    expect(performance.now() - began).toBeLessThan(3000);
    expect(isThere(pid)).toBe(true);
    isBroken = false;
    await vi.waitFor(() => expect(isThere(pid)).toBe(false), 20_000);
    const before = asked.length;
    await using next = await LeaseKeeper.open({ folder });
    expect(next.recovered).toMatchObject({ found: [record], failed: [] });
    expect(asked.length).toBeGreaterThan(before);
  }, 40_000);

  it('is undone by the reaper while a close waits, and then it is over', async () => {
    const keeper = await LeaseKeeper.open({ folder, closeWithinMs: 20_000 });
    const lease = await keeper.grant(slowDatabase());
    const closed = keeper.close();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1), 10_000);
    isBroken = false;
    expect(await closed).toEqual([]);
    expect(await lease.ended).toBe('reverted');
    await using next = await LeaseKeeper.open({ folder });
    expect(next.recovered.found).toEqual([]);
  }, 40_000);
});

describe('without a reaper', () => {
  const { execPath } = process;
  afterEach(() => {
    process.execPath = execPath;
  });

  it('no folder is opened', async () => {
    process.execPath = join(folder, 'no-node');
    await expect(LeaseKeeper.open({ folder })).rejects.toMatchObject({ code: 'ReaperUnavailable', retryable: true });
    process.execPath = execPath;
    await using keeper = await LeaseKeeper.open({ folder });
    expect(keeper.active).toEqual([]);
  });

  it('what was granted is undone at once, and nothing more is granted until there is one', async () => {
    isBroken = false;
    await using keeper = await LeaseKeeper.open({ folder });
    const lease = await keeper.grant(slowDatabase());
    process.execPath = join(folder, 'no-node');
    process.kill(keeper.reaper!.pid, 'SIGKILL');
    expect(await lease.ended).toBe('reverted');
    expect(asked).toContain('DELETE /proxies/db/toxics/slow');
    const refused = await Promise.allSettled([1, 2, 3].map(() => keeper.grant(slowDatabase())));
    for (const one of refused) expect(one).toMatchObject({ reason: { code: 'ReaperUnavailable' } });
    expect(keeper.active).toEqual([]);
    process.execPath = execPath;
    const [again] = await Promise.all([1, 2, 3].map(() => keeper.grant(slowDatabase())));
    expect(keeper.active).toHaveLength(3);
    await again!.revert();
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
