// Two services that know nothing of simulation, a shop on node:http that asks a bank by undici's fetch, while the network between them
// is cut. The same code, the same second, for each seed. Run it with `npx ts-node examples/chaos-engine/http-under-partition.ts`.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { simulate, type World } from '@tenstrip/chaos-engine';
import { fetch } from 'undici';

async function bank(): Promise<void> {
  const server = createServer((request, response) => response.end(`charged ${request.url}`));
  await new Promise<void>((resolve) => server.listen(80, resolve));
}

/** Charges with a timeout of two seconds and up to five attempts. */
async function charge(order: string): Promise<string> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    try {
      const answer = await fetch(`http://bank/${order}`, { signal: AbortSignal.timeout(2000) });
      return `${await answer.text()} at attempt ${attempt}`;
    } catch {
      await sleep(500 * attempt);
    }
  }
  return 'given up';
}

async function shop(): Promise<void> {
  const server = createServer(async (request, response) => response.end(await charge(request.url?.slice(1) ?? '')));
  await new Promise<void>((resolve) => server.listen(80, resolve));
}

async function underPartition(world: World): Promise<string[]> {
  const services = [world.node('bank', bank), world.node('shop', shop)];
  await Promise.all(services.map(({ ready }) => ready));
  const seen: string[] = [];
  const order = async (name: string): Promise<void> => {
    const began = performance.now();
    const answer = await (await fetch(`http://shop/${name}`)).text();
    seen.push(`${name}: ${answer}, after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  };
  await order('quiet');
  const cut = world.network.partition([['shop'], ['bank']]);
  setTimeout(() => cut.undo(), 6000);
  await order('cut');
  const oneWay = world.network.partition([['bank'], ['shop']], { oneWay: true });
  await order('mute');
  oneWay.undo();
  await order('healed');
  return seen;
}

async function main(): Promise<void> {
  const first = await simulate({ seed: 2026 }, underPartition);
  if (first.value === undefined) throw new Error(first.failure?.message);
  for (const line of first.value) console.log(line);
  console.log(`${first.events} events, ${(first.virtualMs / 1000).toFixed(0)} s of virtual time`);
  const second = await simulate({ seed: 2026 }, underPartition);
  console.log(first.traceHash === second.traceHash ? 'a second run leaves the same trace' : 'the runs differ');
}

void main();
