// The proxies' plugin: one server of Toxiproxy's API for the whole strip, started when a proxy is wanted.

import { definePlugin, type PluginContext, type ResourceGovernor } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { TcpProxy, Toxic, ToxicChange, ToxicSpec, ToxiproxyServer } from '../proxy/index.js';

/** The server of the proxies. */
export interface ProxyService {
  /** Started by the first who asks. */
  proxies(governor: ResourceGovernor): Promise<ToxiproxyServer>;
}

type ServiceContext = PluginContext<ProxyService>;

const toxicType = z.enum([
  'noop',
  'latency',
  'bandwidth',
  'slow_close',
  'timeout',
  'reset_peer',
  'slicer',
  'limit_data',
]);
const toxicStream = z.enum(['upstream', 'downstream']);
const attributes = z.record(z.string().max(64), z.number().int());
const name = z.string().min(1).max(256);
const address = z.string().min(1).max(512);
const toxicity = z.number().min(0).max(1);

const proxySchema = z.object({
  name: z.string(),
  listen: z.string(),
  upstream: z.string(),
  enabled: z.boolean(),
  connections: z.number().int(),
  toxics: z.array(
    z.object({ name: z.string(), type: toxicType, stream: toxicStream, toxicity: z.number(), attributes }),
  ),
});

export const controlProxyPlugin = definePlugin({
  name: 'control-proxy',
  summary: "TCP proxies with Toxiproxy's toxics; the first call starts them, and Toxiproxy's HTTP API on 127.0.0.1",
  optionalCapabilities: ['net'],
  input: z.discriminatedUnion('op', [
    z.object({ op: z.literal('list') }),
    z.object({ op: z.literal('create'), proxy: name, upstream: address, listen: address.optional() }),
    z.object({
      op: z.literal('update'),
      proxy: name,
      upstream: address.optional(),
      listen: address.optional(),
      enabled: z.boolean().optional(),
    }),
    z.object({
      op: z.literal('add-toxic'),
      proxy: name,
      type: toxicType,
      name: name.optional(),
      stream: toxicStream.optional(),
      toxicity: toxicity.optional(),
      attributes: attributes.optional(),
    }),
    z.object({
      op: z.literal('update-toxic'),
      proxy: name,
      name,
      toxicity: toxicity.optional(),
      attributes: attributes.optional(),
    }),
    z.object({ op: z.literal('remove-toxic'), proxy: name, name }),
    z.object({ op: z.literal('remove'), proxy: name }),
    /** Every proxy listens, and has no toxics. */
    z.object({ op: z.literal('reset') }),
  ]),
  output: z.object({ api: z.string(), seed: z.string(), proxies: z.array(proxySchema) }),
  async execute(input, { service, governor }: ServiceContext) {
    const server = await service.proxies(governor);
    const { op } = input;
    if (op === 'create') {
      const { proxy, upstream, listen } = input;
      await server.createProxy({ name: proxy, upstream, ...(listen === undefined ? {} : { listen }) });
    } else if (op === 'reset') {
      await server.reset();
    } else if (op === 'remove') {
      await server.removeProxy(input.proxy);
    } else if (op !== 'list') {
      const { op: _, proxy, ...change } = input;
      const changed = server.proxy(proxy);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (op === 'update') await changed.update(given);
      else if (op === 'add-toxic') changed.addToxic(given as unknown as ToxicSpec);
      else if (op === 'update-toxic') changed.updateToxic(input.name, given as ToxicChange);
      else changed.removeToxic(input.name);
    }
    return { api: server.url, seed: String(server.seed), proxies: [...server.proxies.values()].map(plainProxy) };
  },
});

function plainProxy(proxy: TcpProxy): z.input<typeof proxySchema> {
  const { name: own, listen, upstream, enabled, statistics, toxics } = proxy;
  return { name: own, listen, upstream, enabled, connections: statistics.open, toxics: toxics.map(plainToxic) };
}

const plainToxic = (toxic: Toxic) => ({ ...toxic, attributes: { ...toxic.attributes } });
