// Serves a ledger to a bouncer, and does what it is told on standard input: `add 203.0.113.5 3600000`, `revoke 3`.
import { createInterface } from 'node:readline';
import { AutoblockerLedger } from '@tenstrip/autoblocker-ledger';
import { LapiServer } from '@tenstrip/autoblocker-ledger/lapi';

const [folder, key] = process.argv.slice(2);
const ledger = await AutoblockerLedger.open({ folder });
const server = await LapiServer.open({ ledger, bouncers: [{ name: 'firewall', key }] });
await server.listen({ port: 8080 });
console.log('listening');
for await (const line of createInterface(process.stdin)) {
  const [verb, value, durationMs] = line.split(' ');
  if (verb === 'add') {
    const { decision } = await ledger.addBlock({ target: value, reason: 'test', durationMs: Number(durationMs) });
    console.log(String(decision.id));
  } else {
    await ledger.revoke(BigInt(value), { code: 'appeal' });
    console.log('revoked');
  }
}
