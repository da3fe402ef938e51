// The governed strip: the engine's own calls, with checked JSON in and out.

import { defineStrip, type ResourceGovernor } from '@tenstrip/shared-core';
import { z } from 'zod';
import type { Model } from './checking/index.js';
import {
  type CheckingService,
  checkLinearizabilityPlugin,
  controlProxyPlugin,
  explorePlugin,
  hostOptionsSchema,
  injectFaultPlugin,
  type NamedScenario,
  openRealFaults,
  type ProxyService,
  probeHostPlugin,
  type RealFaults,
  type RealFaultsService,
  replayPlugin,
  revertFaultPlugin,
  runExperimentPlugin,
  type SimulationService,
  simulatePlugin,
} from './plugins/index.js';
import { startToxiproxyServer, type ToxiproxyServer } from './proxy/index.js';

export type { NamedScenario };

/** What the strip's plugins share: scenarios and models by name, the proxies, and faults on this host. */
export class ChaosService implements SimulationService, CheckingService, ProxyService, RealFaultsService {
  /** Scenarios by their names. */
  readonly scenarios: Readonly<Record<string, NamedScenario>>;
  /** Models of one's own by their names. */
  readonly models: Readonly<Record<string, Model<never, never, never>>>;
  /** Faults on this host. @internal */
  readonly real: RealFaults;
  readonly #options: { apiPort: number; seed?: string };
  #server: Promise<ToxiproxyServer> | undefined;

  constructor(
    real: RealFaults,
    scenarios: Readonly<Record<string, NamedScenario>>,
    models: Readonly<Record<string, Model<never, never, never>>>,
    options: { apiPort: number; seed?: string },
  ) {
    this.real = real;
    this.scenarios = scenarios;
    this.models = models;
    this.#options = options;
  }

  /** The server of the proxies; it is started when one is wanted. @internal */
  proxies(governor: ResourceGovernor): Promise<ToxiproxyServer> {
    const { apiPort: port, seed } = this.#options;
    this.#server ??= startToxiproxyServer({ port, governor, ...(seed === undefined ? {} : { seed }) }).catch(
      (error) => {
        this.#server = undefined;
        throw error;
      },
    );
    return this.#server;
  }

  /** Ends the faults on this host and stops the proxies. */
  async close(): Promise<void> {
    await this.real.close();
    await (await this.#server)?.close();
  }
}

/** What the strip is mounted with. Models are code and come in here too. */
const optionsSchema = hostOptionsSchema.extend({
  /** Scenarios to simulate, by name. */
  scenarios: z
    .custom<Readonly<Record<string, NamedScenario>>>(
      (value) => typeof value === 'object' && value !== null,
      'scenarios by name',
    )
    .default({}),
  /** Models of one's own, by name. */
  models: z
    .custom<Readonly<Record<string, Model<never, never, never>>>>(
      (value) => typeof value === 'object' && value !== null,
      'models by name',
    )
    .default({}),
  /** Where Toxiproxy's HTTP API listens on 127.0.0.1; 0: any port that is free. */
  apiPort: z.number().int().min(0).max(65_535).default(0),
  /** What the proxies' decisions follow from. Default: drawn from the governor. */
  seed: z.string().min(1).max(256).optional(),
});

/** The engine as a strip: `registry.mount(chaosStrip, {})`. */
export const chaosStrip = defineStrip({
  name: 'chaos-engine',
  version: 1,
  summary:
    'Simulates worlds from a seed, judges histories of concurrent operations, and runs experiments with faults that undo themselves',
  options: optionsSchema,
  plugins: [
    simulatePlugin,
    explorePlugin,
    replayPlugin,
    checkLinearizabilityPlugin,
    controlProxyPlugin,
    runExperimentPlugin,
    injectFaultPlugin,
    revertFaultPlugin,
    probeHostPlugin,
  ],
  open: ({ scenarios, models, apiPort, seed, ...host }, governor) =>
    new ChaosService(openRealFaults(host, governor), scenarios, models, {
      apiPort,
      ...(seed === undefined ? {} : { seed }),
    }),
  close: (service) => service.close(),
});
