// Blocks one address after the other and enforces them in a namespace, until it is killed.
import { AutoblockerLedger, EnforcementLoop, NftablesEnforcer } from '@tenstrip/autoblocker-ledger';

const [folder, namespace] = process.argv.slice(2);
const ledger = await AutoblockerLedger.open({ folder });
const loop = new EnforcementLoop({ ledger, enforcer: new NftablesEnforcer({ namespace }), tickMs: 5 }).start();
for (let number = 0; number < 5000; number += 1) {
  const { decision } = await ledger.addBlock({
    target: `203.0.${113 + Math.floor(number / 250)}.${1 + (number % 250)}`,
    reason: 'test',
    durationMs: 3_600_000,
  });
  if (number % 7 === 6) await ledger.revoke(decision.id, { code: 'appeal' });
  if (number % 5 === 0) await loop.caughtUp();
  console.log(number);
}
