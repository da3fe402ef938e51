// A local API of ours in a process of its own: node lapi-server.child.mjs <apiKey> <count>. Says its port when it listens.
import { AutoblockerLedger } from '@tenstrip/autoblocker-ledger';
import { LapiServer } from '@tenstrip/autoblocker-ledger/lapi';
import { blockedAddress } from './lapi-addresses.mjs';

const [apiKey, count] = process.argv.slice(2);
const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
const wish = (number) => ({ target: blockedAddress(number), reason: 'bench', durationMs: 86_400_000 });
for (let from = 0; from < Number(count); from += 500) {
  const outcomes = await Promise.all(Array.from({ length: 500 }, (_, number) => ledger.addBlock(wish(from + number))));
  if (outcomes.some(({ kind }) => kind !== 'decided')) throw new Error('an address was not blocked');
}
const lapi = await LapiServer.open({ ledger, bouncers: [{ name: 'bench', key: apiKey }] });
const server = await lapi.listen({ port: 0 });
process.stdout.write(`${server.port}\n`);
