// A client and a server of one's own with a proxy between them: what a user sees of a slow, of a narrow, and of a broken network,
// in numbers. Run it with `npx ts-node examples/chaos-engine/proxy-toxics.ts`.
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTcpProxy, type TcpProxy, type ToxicSpec } from '@tenstrip/chaos-engine';

const page = Buffer.alloc(100_000, 'a page of the shop ');

async function main(): Promise<void> {
  const server = await listening(createServer((_, response) => response.end(page)));
  // The seed: in every run the same connections are hit.
  const proxy = await createTcpProxy({ name: 'shop', upstream: `127.0.0.1:${portOf(server)}`, seed: 42 });

  await measure(proxy, 'nothing in between');
  await measure(proxy, 'latency of 40 ms', { type: 'latency', attributes: { latency: 40, jitter: 5 } });
  await measure(proxy, '500 KB a second', { type: 'bandwidth', attributes: { rate: 500 } });
  await measure(proxy, 'half of all are cut off', { type: 'limit_data', toxicity: 0.5, attributes: { bytes: 30_000 } });
  await measure(proxy, 'a third are reset', { type: 'reset_peer', stream: 'upstream', toxicity: 0.33 });
  await proxy.update({ enabled: false });
  await measure(proxy, 'down');

  const { accepted, bytes } = proxy.statistics;
  console.log(
    `${accepted} connections, ${bytes.downstream.received} bytes from the server, ${bytes.downstream.sent} to clients`,
  );
  await proxy.close();
  server.close();
}

/** Twenty requests, one after another, each on a connection of its own, with a toxic while they last. */
async function measure(proxy: TcpProxy, what: string, toxic?: ToxicSpec): Promise<void> {
  if (toxic !== undefined) proxy.addToxic(toxic);
  const outcomes = new Map<string, number>();
  const times: number[] = [];
  for (let request = 0; request < 20; request++) {
    const begun = performance.now();
    const outcome = await fetchPage(proxy.port);
    times.push(performance.now() - begun);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  proxy.removeToxics();
  const median = times.sort((a, b) => a - b)[10]!;
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  console.log(`${what.padEnd(24)} ${median.toFixed(0).padStart(4)} ms   ${counts}`);
}

/** What became of one request, in a word. */
function fetchPage(port: number): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes === page.length ? 'whole' : 'short'));
      response.on('error', () => resolve('cut off'));
    });
    request.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'failed'));
  });
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

void main();
