// A blocker at work: follows a log, takes batches by HTTP, and enforces in a namespace, until it is killed. Says on standard output
// the port and then each checkpoint, one JSON value a line.
import { AutoblockerLedger, EnforcementLoop, HttpIntake, NftablesEnforcer } from '@tenstrip/autoblocker-ledger';

const [folder, log, namespace, key] = process.argv.slice(2);
const ledger = await AutoblockerLedger.open({
  folder,
  time: 'events',
  durability: 'os',
  rails: { blocksPerMinute: 10_000, blocksPerMinuteOfScenario: 10_000 },
});
new EnforcementLoop({ ledger, enforcer: new NftablesEnforcer({ namespace }), tickMs: 5 }).start();
const { port } = await new HttpIntake({ ledger, senders: [{ name: 'test', key }] }).listen({ port: 0 });
console.log(port);
let said = '';
const say = () => {
  if (ledger.checkpoint === said) return;
  said = ledger.checkpoint;
  console.log(JSON.stringify(said));
};
await ledger.follow([log], { signal: new AbortController().signal, onProgress: say });
