// What cannot be undone now stays owed.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseKeeper } from '@tenstrip/chaos-engine';
import { expect, it } from 'vitest';

it('an undo that does not work is owed until it does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leases-'));
  let isBroken = true;
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(isBroken ? 500 : 204).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const request = {
    target: { proxy: 'db' },
    fault: { kind: 'dependency.toxic', type: 'latency', stream: 'downstream', toxicity: 1, attributes: {} },
    ttlMs: 60_000,
    undo: [{ kind: 'proxy-toxic', api, proxy: 'db', toxic: 'slow' }],
  } as const;
  try {
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
  } finally {
    proxy.closeAllConnections();
    proxy.close();
    rmSync(folder, { recursive: true });
  }
});
