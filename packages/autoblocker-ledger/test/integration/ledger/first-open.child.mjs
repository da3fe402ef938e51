// Opens a ledger, which makes its keys at the first time, and waits until it is killed. Argument: folder.
import { AutoblockerLedger } from '@tenstrip/autoblocker-ledger';

await AutoblockerLedger.open({ folder: process.argv[2] });
setInterval(() => {}, 1000);
