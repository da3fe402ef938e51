// A process that compiles rules, reads a log to its end, decides, and ends. Arguments: folder of rules, folder of the ledger, log.
import { AutoblockerLedger, compileRules } from '@tenstrip/autoblocker-ledger';
import { hubRules } from './rules.mjs';

const [rulesFolder, folder, log] = process.argv.slice(2);
const rules = compileRules(await hubRules(rulesFolder), { strict: true });
const ledger = await AutoblockerLedger.open({ folder, time: 'events', rules });
const { lines, overflows } = await ledger.readLogs([log]);
await ledger.close();
process.stdout.write(JSON.stringify({ lines, overflows }));
