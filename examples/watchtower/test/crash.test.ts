import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { failedLogins } from './attack-lines';
import { documentOf, Scratch, start, watchtower } from './run-watchtower';

/** Six guessers whose attempts are mixed with many others' single failures, so that reading takes a while. */
function longLog(): string {
  const noon = Date.parse('2026-03-01T12:00:00Z');
  const blocks = Array.from({ length: 1500 }, (_, n) => {
    const time = new Date(noon + n * 20_000);
    const guesser = n % 250 === 0 ? failedLogins(`203.0.113.${1 + n / 250}`, 15, time) : '';
    const bystanders = Array.from({ length: 8 }, (_, k) => failedLogins(`198.51.${n % 100}.${k * 30 + 1}`, 1, time));
    return guesser + bystanders.join('');
  });
  return blocks.join('');
}

/** How much of its log a ledger has written. */
function entryBytes(ledger: string): number {
  const folder = join(ledger, 'log', 'entries');
  if (!existsSync(join(ledger, 'log', 'public', 'checkpoint'))) return 0;
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

describe('kill -9 in the middle of reading', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());

  test('loses nothing that was acknowledged, and the next run ends where one without a crash ends', async () => {
    const log = scratch.path('auth.log');
    writeFileSync(log, longLog());
    const whole = documentOf(await watchtower(scratch.folder, '--json', '--ledger', scratch.path('whole'), log));

    const ledger = scratch.path('killed');
    for (const share of [0.1, 0.4, 0.7]) {
      const child = start(scratch.folder, ['--json', '--ledger', ledger, log]);
      child.stdout?.resume();
      const enough = share * entryBytes(scratch.path('whole'));
      while (entryBytes(ledger) < enough && child.exitCode === null) await new Promise((done) => setTimeout(done, 2));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      expect(child.signalCode).toBe('SIGKILL');
      const { code } = await watchtower(scratch.folder, 'verify', ledger);
      expect(code).toBe(0);
    }
    const after = documentOf(await watchtower(scratch.folder, '--json', '--ledger', ledger, log));
    const essence = (document: typeof whole) =>
      document.blocked
        .map(({ target, scenarios, evidence, from, until }) => ({ target, scenarios, evidence, from, until }))
        .sort((a, b) => a.target.localeCompare(b.target));
    expect(essence(after)).toEqual(essence(whole));
    expect(after.ledger.verified).toBe(true);
    expect(whole.blocked).toHaveLength(6);
  });

  test('reading the same file again adds nothing', async () => {
    const before = documentOf(
      await watchtower(scratch.folder, '--json', '--ledger', scratch.path('whole'), scratch.path('auth.log')),
    );
    const again = documentOf(
      await watchtower(scratch.folder, '--json', '--ledger', scratch.path('whole'), scratch.path('auth.log')),
    );
    expect(again.input.events).toBe(0);
    expect(again.blocked).toEqual(before.blocked);
  });
});
