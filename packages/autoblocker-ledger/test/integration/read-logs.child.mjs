// Reads a log into a ledger and says on standard output, as JSON, that it is open, and each checkpoint that was acknowledged.
// Arguments: folder of the ledger, log file, and a seed for a deterministic governor.

import { AutoblockerLedger } from '@tenstrip/autoblocker-ledger';
import { ResourceGovernor, testing } from '@tenstrip/shared-core';

const [folder, log, seed] = process.argv.slice(2);
const governor = seed === undefined ? undefined : new ResourceGovernor(testing(seed));
const ledger = await AutoblockerLedger.open({
  folder,
  time: 'events',
  durability: 'os',
  rails: { blocksPerMinute: 10_000, blocksPerMinuteOfScenario: 10_000 },
  ...(governor === undefined ? {} : { governor }),
});
process.stdout.write('"open"\n');
let said = '';
const say = () => {
  if (ledger.checkpoint !== said) {
    said = ledger.checkpoint;
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
};
await ledger.readLogs([log], { newestTime: Date.UTC(2027, 0), onProgress: say });
say();
await ledger.close();
await governor?.close();
process.stdout.write('"done"\n');
