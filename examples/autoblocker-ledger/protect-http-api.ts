// An HTTP API whose guessers are blocked for all domains: three wrong passwords over ssh are no attack, and three refused logins
// at the API are none; the same actor at both is, and one decision holds for everybody who enforces. Run it with
// `npx ts-node examples/autoblocker-ledger/protect-http-api.ts`; it plays all sides on loopback and ends by itself.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import {
  AutoblockerLedger,
  dryRun,
  EnforcementLoop,
  HttpProtection,
  NftablesEnforcer,
  StdinSource,
} from '@tenstrip/autoblocker-ledger';
import { LapiServer } from '@tenstrip/autoblocker-ledger/lapi';

const key = 'made with openssl rand -hex 32';

async function main(): Promise<void> {
  const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
  let taken = 0;
  // Requests come through a proxy on this host: its word about the client counts, nobody else's.
  const protection = new HttpProtection({
    ledger,
    domain: 'api',
    trustedProxies: ['127.0.0.1'],
    onEvent: (event) => ledger.ingest(event).then(() => taken++),
  });
  const server = createServer(
    protection.wrap((incoming, response) => {
      response.writeHead(incoming.url === '/login' ? 401 : 200).end();
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const lapi = await (await LapiServer.open({ ledger, bouncers: [{ name: 'firewall', key }] })).listen({ port: 0 });

  const [guesser, mistyper] = ['203.0.113.5', '203.0.113.6'];
  await ledger.readLogs([new StdinSource(sshLog(guesser)), new StdinSource(sshLog(mistyper), 'another')]);
  console.log('after three wrong passwords over ssh:', await ask(port, 'GET', '/orders', guesser));
  for (let attempt = 0; attempt < 3; attempt += 1) await ask(port, 'POST', '/login', guesser);
  // Events are taken beside the answers; a demonstration waits for them, a service does not.
  while (taken < 4) await setTimeout(1);
  console.log('after three refused logins at the API, too:', await ask(port, 'GET', '/orders', guesser));
  console.log('who only mistyped over ssh:', await ask(port, 'GET', '/orders', mistyper));

  for await (const { id, target, scenario } of ledger.query()) {
    console.log('decision', target, scenario.name);
    const { evidence, escalation } = await ledger.explain(id);
    console.log(evidence.length, 'lines of evidence,', escalation.lengthMs, 'ms');
  }
  const enforcer = dryRun(new NftablesEnforcer(), (script) =>
    console.log('nft:', script.split('\n').at(-2)?.slice(0, 50)),
  );
  await new EnforcementLoop({ ledger, enforcer }).syncOnce();
  const asked = await fetch(`http://127.0.0.1:${lapi.port}/v1/decisions?ip=${guesser}`, {
    headers: { 'x-api-key': key },
  });
  const [decision] = (await asked.json()) as { type: string; value: string; scenario: string }[];
  console.log('a bouncer:', decision?.type, decision?.value, decision?.scenario);

  server.close();
  await lapi[Symbol.asyncDispose]();
  await ledger.close();
}

function ask(port: number, method: string, path: string, client: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-forwarded-for': client };
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    asked.on('error', reject).end();
  });
}

async function* sshLog(address: string): AsyncGenerator<Buffer> {
  for (let second = 3; second > 0; second -= 1) {
    const time = new Date(Date.now() - second * 1000).toISOString();
    yield Buffer.from(`${time} web sshd[7]: Failed password for root from ${address} port 4242 ssh2\n`);
  }
}

void main();
