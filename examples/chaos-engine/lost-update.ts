// A key-value store of about forty lines, plain Node code with a bug: it reads, waits, and writes. Two clients that add at once
// lose an update. Worlds are explored until one fails, that one is made small, and comes back from one string. Run it with
// `npx ts-node examples/chaos-engine/lost-update.ts`.
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { explore, replay, type World } from '@tenstrip/chaos-engine';

// The store. It knows nothing of worlds.

class Store {
  readonly #values = new Map<string, number>();

  async read(key: string): Promise<number> {
    await sleep(1); // a disk, another server
    return this.#values.get(key) ?? 0;
  }

  async write(key: string, value: number): Promise<void> {
    await sleep(1);
    this.#values.set(key, value);
  }

  async add(key: string, amount: number): Promise<number> {
    const value = (await this.read(key)) + amount;
    await this.write(key, value);
    return value;
  }
}

async function serveStore(): Promise<void> {
  const store = new Store();
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://store');
    const amount = Number(searchParams.get('add') ?? 0);
    const key = pathname.slice(1);
    response.end(String(amount === 0 ? await store.read(key) : await store.add(key, amount)));
  });
  await new Promise<void>((resolve) => server.listen(8080, resolve));
}

function ask(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: 'store', port: 8080, path }, async (response) => {
      let body = '';
      for await (const chunk of response) body += String(chunk);
      resolve(Number(body));
    }).on('error', reject);
  });
}

// The scenario: two clients add 1 within a second of each other, and the sum must be 2.

async function twoClients(world: World): Promise<void> {
  await world.node('store', serveStore).ready;
  const clients = ['ann', 'bob'].map((name) =>
    world.node(name, async ({ random }) => {
      await sleep(random.float() * 1000);
      await world.record(name, 'add 1', () => ask('/visits?add=1'));
    }),
  );
  await Promise.all(clients.map(({ ready }) => ready));
  const visits = await ask('/visits');
  if (visits !== 2) throw new Error(`2 visits were counted as ${visits}`);
}

async function main(): Promise<void> {
  const { worlds, failure } = await explore({ worlds: 2000, swarm: { kinds: ['network.link'] } }, twoClients);
  if (failure === undefined) throw new Error(`no update was lost in ${worlds} worlds`);
  console.log(`found in world ${worlds}: ${failure.message}`);
  console.log(
    `shrunk in ${failure.shrinkWorlds} worlds to ${failure.faults.length} faults and ${failure.decisions} draws:`,
  );
  console.log(failure.story);
  console.log(`again from ${failure.trace.length} characters: ${failure.trace.slice(0, 40)}…`);
  const again = await replay(failure.trace, twoClients);
  console.log(again.reproduced ? `the same: ${again.failure?.message}` : 'not the same');
}

void main();
