// The part of Toxiproxy's HTTP API that faults need, in memory, as its README describes it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves proxies of these names, all enabled. */
export async function serveToxiproxyDouble(
  names: readonly string[],
): Promise<{ api: string; close: () => Promise<void> }> {
  const proxies = new Map(names.map((name) => [name, { name, enabled: true, toxics: [] as { name: string }[] }]));
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const answer = (status: number, body?: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    };
    const [, , name = '', toxics, toxic] = (request.url ?? '').split('/');
    const proxy = proxies.get(decodeURIComponent(name));
    if (proxy === undefined) return answer(404, { error: 'proxy not found', status: 404 });
    if (toxics === undefined) {
      if (request.method === 'POST') proxy.enabled = JSON.parse(text).enabled;
      return answer(200, proxy);
    }
    if (request.method === 'POST') {
      const wanted = JSON.parse(text);
      if (wanted.attributes?.latency < 0) return answer(400, { error: 'bad request body', status: 400 });
      proxy.toxics.push(wanted);
      return answer(200, wanted);
    }
    if (!proxy.toxics.some((one) => one.name === toxic)) return answer(404, { error: 'toxic not found', status: 404 });
    proxy.toxics = proxy.toxics.filter((one) => one.name !== toxic);
    return answer(204);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    api: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
