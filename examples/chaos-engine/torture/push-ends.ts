// The two ends of a push, each a process of its own: `serve <folder> <host> <port>` takes batches into a ledger, and
// `send <url> <batches>` sends each batch until it is acknowledged, one line of JSON on standard output for each. See watchtower-pushes.ts.
import { setTimeout as wait } from 'node:timers/promises';
import { AutoblockerLedger, HttpIntake } from '@tenstrip/autoblocker-ledger';
import { addressOf, linesInBatch } from './watchtower-pushes';

/** About four minutes of silence. */
const maxAttempts = 400;
const key = 'made-with-openssl-rand-hex-32';

async function serve(folder: string, host: string, port: number): Promise<void> {
  const ledger = await AutoblockerLedger.open({ folder, time: 'events' });
  const intake = new HttpIntake({ ledger, senders: [{ name: 'edge', key }], utcOffsetMinutes: 0 });
  await intake.listen({ host, port });
  process.stdout.write('listening\n');
}

async function send(url: string, batches: number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    process.stdout.write(`${JSON.stringify({ batch, repeated: await sent(url, batch) })}\n`);
    await wait(10);
  }
}

/** Sends a batch until it is acknowledged; whether the intake had taken it before. */
async function sent(url: string, batch: number): Promise<boolean> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      const response = await fetch(`${url}/v1/lines`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'idempotency-key': `batch-${batch}` },
        body: linesOf(batch),
        signal: AbortSignal.timeout(500),
      });
      const answer = (await response.json()) as { repeated: boolean; message?: string };
      if (response.status === 200) return answer.repeated;
      if (response.status < 429) throw new TypeError(`the intake answered ${response.status}: ${answer.message}`);
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('the intake')) throw error;
    }
    await wait(50);
  }
  throw new Error(`batch ${batch} was not acknowledged in ${maxAttempts} attempts`);
}

function linesOf(batch: number): string {
  const noon = Date.parse('2026-03-01T12:00:00Z') + batch * 20_000;
  return Array.from({ length: linesInBatch }, (_, guess) => {
    const time = new Date(noon + guess * 1000).toISOString();
    return `${time} web sshd[7]: Failed password for root from ${addressOf(batch)} port 4242 ssh2\n`;
  }).join('');
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'serve') void serve(rest[0] ?? '', rest[1] ?? '', Number(rest[2]));
else void send(rest[0] ?? '', Number(rest[1]));
