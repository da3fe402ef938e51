// A Chaos Toolkit experiment against a local service behind a proxy: a dependency becomes slow, a guardrail sees that the
// service is no longer quick enough, and the experiment is aborted with the fault undone. Run it with
// `npx ts-node examples/chaos-engine/guard-a-service.ts`; everything is on loopback.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostSurface, renderExperimentTimeline, runExperiment, startToxiproxyServer } from '@tenstrip/chaos-engine';

async function main(): Promise<void> {
  // The dependency, a proxy before it, and the service that asks it for every answer.
  const store = createServer((_, response) => response.end('17'));
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  await using proxies = await startToxiproxyServer({ port: 0, seed: 1 });
  const { url: api } = proxies;
  const created = await fetch(`${api}/proxies`, {
    method: 'POST',
    body: JSON.stringify({ name: 'store', listen: '127.0.0.1:0', upstream: `127.0.0.1:${portOf(store)}` }),
  });
  const { listen } = (await created.json()) as { listen: string };
  const service = createServer((_, response) => {
    const asked = get(`http://${listen}/`, { agent: false }, (answer) => {
      answer.setEncoding('utf8').on('data', (stock: string) => response.end(`in stock: ${stock}`));
    });
    asked.on('error', () => response.writeHead(502).end());
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));

  const folder = mkdtempSync(join(tmpdir(), 'guard-a-service-'));
  const host = await HostSurface.open({ folder, policy: { proxies: { store: api } } });
  const journal = await runExperiment(experiment, {
    surface: host,
    configuration: { service: `http://127.0.0.1:${portOf(service)}/` },
    onProgress: ({ phase, activity, status, stopped }) => {
      if (stopped !== undefined) console.log('stopped:', stopped);
      else if (phase === 'method' && status !== undefined && activity !== guardrail) console.log(activity, status);
    },
  });
  console.log('status:', journal.status);
  console.log('faults:', journal['x-tenstrip'].faults.map(({ fault }) => fault.kind).join(', '));
  const { toxics } = (await (await fetch(`${api}/proxies/store`)).json()) as { toxics: unknown[] };
  console.log('toxics left on the proxy:', toxics.length);
  console.log('a page of', renderExperimentTimeline(journal).length > 1000 ? 'what happened' : 'nothing');

  await host.close();
  for (const server of [service, store]) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
}

const guardrail = 'answers within two seconds';

/** As it would stand in a file, in JSON or YAML. */
const experiment = `
title: Is the service quick when its store is slow?
description: The store's answers come later and later.
configuration:
  service: set by whoever runs it
steady-state-hypothesis:
  title: The service answers
  probes:
    - type: probe
      name: answers
      tolerance: {type: regex, target: body, pattern: 'in stock: \\d+'}
      provider: {type: http, url: '\${service}'}
method:
  - type: action
    name: a little slower
    provider:
      type: tenstrip
      target: {proxy: store}
      fault: {kind: dependency.toxic, type: latency, attributes: {latency: 50}}
      ttl: 60
    pauses: {after: 1}
  - type: action
    name: quick again
    provider: {type: tenstrip, revert: a little slower}
  - type: action
    name: much slower
    provider:
      type: tenstrip
      target: {proxy: store}
      fault: {kind: dependency.toxic, type: latency, attributes: {latency: 5000}}
      ttl: 60
    pauses: {after: 60}
  - type: action
    name: never reached
    provider: {type: process, path: 'true'}
x-tenstrip:
  maximumDurationMs: 120000
  guardrails:
    - type: probe
      name: ${guardrail}
      tolerance: 200
      everyMs: 200
      provider: {type: http, url: '\${service}', timeout: 2}
`;

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}

void main();
