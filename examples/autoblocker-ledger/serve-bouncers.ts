// Serves decisions to CrowdSec's bouncers, which need no change: give one the address and the key in its configuration. Run
// it with `npx ts-node examples/autoblocker-ledger/serve-bouncers.ts`; it asks itself what a bouncer would, and ends.
import { AutoblockerLedger, dryRun, EnforcementLoop, NftablesEnforcer } from '@tenstrip/autoblocker-ledger';
import { LapiServer } from '@tenstrip/autoblocker-ledger/lapi';

async function main(): Promise<void> {
  const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
  const key = 'made with openssl rand -hex 32';
  const server = await LapiServer.open({ ledger, bouncers: [{ name: 'firewall', key }] });
  const { port, [Symbol.asyncDispose]: stop } = await server.listen({ port: 0 });
  const poll = async (startup: boolean) => {
    const url = `http://127.0.0.1:${port}/v1/decisions/stream?startup=${startup}`;
    return (await (await fetch(url, { headers: { 'x-api-key': key } })).json()) as Changes;
  };

  const outcome = await ledger.addBlock({ target: '203.0.113.5', reason: 'an example', durationMs: 3_600_000 });
  await ledger.addBlock({ target: '2001:db8:7::/64', reason: 'an example', durationMs: 3_600_000 });
  console.log('at first:', valuesOf((await poll(true)).new));
  console.log('nothing new:', await poll(false));
  if (outcome.kind === 'decided') await ledger.revoke(outcome.decision.id, { code: 'false-positive', by: 'ann' });
  console.log('taken back:', valuesOf((await poll(false)).deleted));
  await stop();

  // The same without a bouncer: what nftables would be told. Without dryRun, and as root, it would be.
  const enforcer = dryRun(new NftablesEnforcer(), (script) => console.log(script.split('\n').at(-2)?.slice(0, 58)));
  await new EnforcementLoop({ ledger, enforcer }).syncOnce();
  await ledger.close();
}

interface Changes {
  readonly deleted: readonly { readonly value: string }[] | null;
  readonly new: readonly { readonly value: string }[] | null;
}

const valuesOf = (items: Changes['new']) => items?.map(({ value }) => value);

void main();
