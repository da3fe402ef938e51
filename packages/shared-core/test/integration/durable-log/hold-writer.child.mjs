// Opens a log for writing, says so, and holds it until it is killed or its input ends. Argument: folder.
import { createSigner } from '@tenstrip/shared-core/crypto';
import { LogWriter } from '@tenstrip/shared-core/durable-log';

const signer = createSigner(new Uint8Array(32).fill(7));
try {
  const log = await LogWriter.open({ folder: process.argv[2], origin: 'example.com/log', signer });
  console.log('open');
  process.stdin.resume().on('end', async () => {
    await log[Symbol.asyncDispose]();
    console.log('closed');
  });
} catch (error) {
  console.log(error.code);
}
