// Blocks who guesses passwords over ssh, from a log file given as argument or from one that it makes up. Run it with
// `npx ts-node examples/autoblocker-ledger/block-ssh-bruteforce.ts [/var/log/auth.log]`. Nothing outside is touched: what the
// kernel would be told is printed.
import {
  AutoblockerLedger,
  dryRun,
  EnforcementLoop,
  NftablesEnforcer,
  StdinSource,
} from '@tenstrip/autoblocker-ledger';

async function main(file: string | undefined): Promise<void> {
  const ledger = await AutoblockerLedger.open({ folder: 'memory:', time: 'events', allowList: ['198.51.100.0/24'] });
  const { lines, decided, refused } = await ledger.readLogs([file ?? new StdinSource(madeUpLog())]);
  console.log(`${lines} lines, ${decided} blocked, refused by rails:`, refused);
  for (const { target, scenarios, until } of ledger.actors()) {
    console.log(target, scenarios.join(', '), 'until', until === null ? 'for good' : new Date(until).toISOString());
  }
  const enforcer = dryRun(new NftablesEnforcer(), (script) => console.log(script.split('\n').at(-2)));
  await new EnforcementLoop({ ledger, enforcer }).syncOnce();
  const { verified, size } = await ledger.verify();
  console.log(`the ledger of ${size} entries verifies:`, verified);
  await ledger.close();
}

/** A guesser, a person who mistypes twice, and a guesser in a network that is allowed. */
async function* madeUpLog(): AsyncGenerator<Buffer> {
  const at = (second: number) => new Date(Date.UTC(2026, 10, 23, 8, 0, second)).toISOString();
  const line = (second: number, what: string, address: string) =>
    Buffer.from(`${at(second)} web sshd[7]: ${what} from ${address} port 4242 ssh2\n`);
  for (let second = 0; second < 6; second += 1) {
    yield line(second, `Failed password for invalid user admin${second}`, '203.0.113.5');
    yield line(second, 'Failed password for root', '198.51.100.7');
    if (second < 2) yield line(second, 'Failed password for ann', '203.0.113.6');
  }
  yield line(9, 'Accepted password for ann', '203.0.113.6');
}

void main(process.argv[2]);
