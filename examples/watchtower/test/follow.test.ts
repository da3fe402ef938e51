import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { failedLogins } from './attack-lines';
import { documentOf, finished, Scratch, start } from './run-watchtower';

interface Announcement {
  change: string;
  target: string;
  entry: number;
}

describe('--follow', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());

  test('announces attackers as they come, through rotation and truncation, and ends cleanly on Ctrl-C', async () => {
    const log = scratch.path('auth.log');
    const attack = (address: string) => failedLogins(address, 12, new Date());
    writeFileSync(log, attack('203.0.113.1'));
    const child = start(scratch.folder, ['--follow', '--json', '--ledger', scratch.path('ledger'), log]);
    using _ = { [Symbol.dispose]: () => void child.kill('SIGKILL') };
    const end = finished(child);
    const announced: Announcement[] = [];
    const waiting = new Map<string, () => void>();
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const announcement = JSON.parse(line) as Announcement;
      if (announcement.change === undefined) return;
      announced.push(announcement);
      waiting.get(announcement.target)?.();
    });
    const announcementOf = (address: string) =>
      new Promise<void>((done) => {
        if (announced.some(({ target }) => target === address)) done();
        else waiting.set(address, done);
      });

    await announcementOf('203.0.113.1');
    appendFileSync(log, attack('203.0.113.2'));
    await announcementOf('203.0.113.2');

    renameSync(log, `${log}.1`);
    writeFileSync(log, attack('203.0.113.3'));
    await announcementOf('203.0.113.3');

    writeFileSync(log, failedLogins('203.0.113.4', 8, new Date())); // shorter than what was read: truncated
    await announcementOf('203.0.113.4');

    child.kill('SIGINT');
    const run = await end;
    expect(run).toMatchObject({ code: 130, stderr: '' });
    const document = documentOf(run);
    expect(document).toMatchObject({ interrupted: true, ledger: { verified: true } });
    expect(document.blocked.map(({ target }) => target).sort()).toEqual([1, 2, 3, 4].map((n) => `203.0.113.${n}`));
    expect(document.input.lines).toBe(3 * 12 + 8);
    expect(new Set(announced.map(({ entry }) => entry)).size).toBe(announced.length);
    expect(announced.filter(({ change }) => change === 'added').map(({ target }) => target)).toEqual(
      [1, 2, 3, 4].map((n) => `203.0.113.${n}`),
    );
  });
});
