// All scenarios at work on a stream of events. A scenario sees only events of its domains.

import type { SecurityEvent } from '../events/index.js';
import { BucketTable, type Overflow } from './bucket-table.js';
import { checkScenario, type Scenario } from './scenario.js';

const none: readonly Overflow[] = [];

/** Runs scenarios over events. */
export class PatternDetector {
  readonly #tables: readonly BucketTable[];
  readonly #byDomain = new Map<string, readonly BucketTable[]>();

  /** @throws TenstripError `ScenarioInvalid` */
  constructor(scenarios: readonly Scenario[], maxBuckets: number) {
    this.#tables = scenarios.map((scenario) => new BucketTable(checkScenario(scenario), maxBuckets));
  }

  /** How long an event can matter to any scenario, in milliseconds. */
  get memoryMs(): number {
    return this.#tables.reduce((longest, table) => Math.max(longest, table.memoryMs), 0);
  }

  /** Counts of every scenario, by name. */
  get statistics(): Record<string, { live: number; overflows: number; evicted: number }> {
    return Object.fromEntries(this.#tables.map((table) => [table.scenario.name, table.statistics]));
  }

  /** Looks at one event; the overflows that it causes, in the order of the scenarios. */
  offer(event: SecurityEvent): readonly Overflow[] {
    let overflows: readonly Overflow[] = none;
    for (const table of this.#tablesOf(event.domain)) {
      const overflow = table.offer(event);
      if (overflow !== undefined) overflows = [...overflows, overflow];
    }
    return overflows;
  }

  #tablesOf(domain: string): readonly BucketTable[] {
    const known = this.#byDomain.get(domain);
    if (known !== undefined) return known;
    const tables = this.#tables.filter((table) => table.scenario.domains.includes(domain));
    // Domains come from outside: remember those of scenarios only.
    if (tables.length > 0) this.#byDomain.set(domain, tables);
    return tables;
  }
}
