// Appends to a log until it is killed. Every acknowledged append is told at once, by a synchronous write to standard output:
// `<number of the append> <index> <the checkpoint in base64>`. Arguments: folder, number of the first append.
import { writeSync } from 'node:fs';
import { createSigner, sha256 } from '@tenstrip/shared-core/crypto';
import { commitErasable, LogWriter } from '@tenstrip/shared-core/durable-log';

const [folder, first] = process.argv.slice(2);
const signer = createSigner(new Uint8Array(32).fill(7));
const log = await LogWriter.open({ folder, origin: 'example.com/log', signer, segmentBytes: 65_536 });

function entryOf(number) {
  const text = `append ${number} ${'x'.repeat(number % 300)}`;
  if (number % 5 !== 0) return { entry: Buffer.from(text) };
  const { commitment, erasable } = commitErasable(Buffer.from(`part ${number}`), Buffer.alloc(16, number), sha256);
  return { entry: Buffer.from(`${text} ${Buffer.from(commitment).toString('hex')}`), erasable };
}

let next = Number(first);
async function client() {
  for (;;) {
    const number = next++;
    const { index, checkpoint } = await log.append(entryOf(number));
    writeSync(1, `${number} ${index} ${Buffer.from(checkpoint).toString('base64')}\n`);
  }
}
await Promise.all(Array.from({ length: 32 }, client));
