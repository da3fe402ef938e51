// An HTTP API whose guessers are blocked for all domains: what they tried over ssh counts for the API, too. Run it with
// `npx ts-node examples/autoblocker-ledger/protect-http-api.ts`; it plays both sides on loopback and ends by itself.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AutoblockerLedger, HttpProtection, StdinSource } from '@tenstrip/autoblocker-ledger';

async function main(): Promise<void> {
  const ledger = await AutoblockerLedger.open({ folder: 'memory:' });
  // Requests come through a proxy on this host: its word about the client counts, nobody else's.
  const protection = new HttpProtection({
    ledger,
    trustedProxies: ['127.0.0.1'],
    onEvent: (event) => void ledger.ingest(event),
  });
  const api = (path: string | undefined) => (path === '/orders' ? 200 : 404);
  const server = createServer(
    protection.wrap((incoming, response) => {
      response.writeHead(api(incoming.url)).end();
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  console.log('before:', await ask(port, '/orders', '203.0.113.5'));
  await ledger.readLogs([new StdinSource(sshLog('203.0.113.5'))]);
  console.log('after six wrong passwords over ssh:', await ask(port, '/orders', '203.0.113.5'));
  console.log('the neighbour:', await ask(port, '/orders', '203.0.113.6'));

  for (let page = 0; page < 12; page += 1) await ask(port, `/backup-${page}`, '198.51.100.7');
  console.log('who looked for twelve pages that are not there:', await ask(port, '/orders', '198.51.100.7'));

  for await (const { target, scenario } of ledger.query({ state: 'active' })) console.log(target, scenario.name);
  server.close();
  await ledger.close();
}

function ask(port: number, path: string, client: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'x-forwarded-for': client };
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    asked.on('error', reject).end();
  });
}

async function* sshLog(address: string): AsyncGenerator<Buffer> {
  for (let second = 6; second > 0; second -= 1) {
    const time = new Date(Date.now() - second * 1000).toISOString();
    yield Buffer.from(`${time} web sshd[7]: Failed password for root from ${address} port 4242 ssh2\n`);
  }
}

void main();
