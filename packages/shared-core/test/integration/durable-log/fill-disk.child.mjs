// Appends to a log on a disk that is too small, until the log refuses; then waits for a line on standard input (space was
// made), appends again and closes. Prints one line of JSON after each part. Argument: folder.
import { createInterface } from 'node:readline';
import { createSigner } from '@tenstrip/shared-core/crypto';
import { LogWriter } from '@tenstrip/shared-core/durable-log';

const signer = createSigner(new Uint8Array(32).fill(7));
const log = await LogWriter.open({ folder: process.argv[2], origin: 'example.com/log', signer });
const entry = Buffer.alloc(1_000, 1);
const acknowledged = [];

async function appendUntilRefused() {
  for (;;) {
    try {
      const receipts = await Promise.all(Array.from({ length: 20 }, () => log.append({ entry })));
      acknowledged.push(...receipts.map(({ index }) => Number(index)));
    } catch (error) {
      return error;
    }
  }
}

const refusals = [
  await appendUntilRefused(),
  await log.append({ entry: Buffer.alloc(60_000) }).catch((error) => error),
];
const seen = refusals.map(({ code, retryable, details }) => ({ code, retryable, systemCode: details?.systemCode }));
const readable = (await log.reader.entry(log.reader.size - 1n)).entry.length;
console.log(
  JSON.stringify({ refusals: seen, acknowledged: acknowledged.length, size: Number(log.reader.size), readable }),
);

for await (const _ of createInterface({ input: process.stdin })) break;
const after = await log.append({ entry: Buffer.from('after') });
acknowledged.push(Number(after.index));
await log[Symbol.asyncDispose]();
console.log(JSON.stringify({ acknowledged, last: Number(after.index) }));
process.exit(0);
