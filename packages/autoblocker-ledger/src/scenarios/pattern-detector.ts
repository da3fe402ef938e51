// All scenarios at work on a stream of events. A scenario sees only events of its domains.

import type { SecurityEvent } from '../events/index.js';
import { BucketTable, type Overflow } from './bucket-table.js';
import { CounterTable } from './counter-table.js';
import { checkScenario, type Scenario } from './scenario.js';

type Table = BucketTable | CounterTable;

const none: readonly Overflow[] = [];

/** Runs scenarios over events. */
export class PatternDetector {
  readonly #tables: readonly Table[];
  /** Tables whose buckets overflow by time alone. */
  readonly #counters: readonly CounterTable[];
  /** For domains of no scenario. */
  readonly #everywhere: readonly Table[];
  readonly #byDomain = new Map<string, readonly Table[]>();

  /** @throws TenstripError `ScenarioInvalid` */
  constructor(scenarios: readonly Scenario[], maxBuckets: number) {
    this.#tables = scenarios.map((scenario) => {
      const checked = checkScenario(scenario);
      return checked.windowMs === undefined
        ? new BucketTable(checked, maxBuckets)
        : new CounterTable(checked, maxBuckets);
    });
    this.#counters = this.#tables.filter((table) => table instanceof CounterTable);
    this.#everywhere = this.#tables.filter((table) => table.scenario.domains === 'all');
  }

  /** How long an event can matter to any scenario, in milliseconds. */
  get memoryMs(): number {
    return this.#tables.reduce((longest, table) => Math.max(longest, table.memoryMs), 0);
  }

  /** Counts of every scenario, by name. */
  get statistics(): Record<string, { live: number; overflows: number; evicted: number }> {
    return Object.fromEntries(this.#tables.map((table) => [table.scenario.name, table.statistics]));
  }

  /** Looks at one event; the overflows that are due by its time, and those that it causes, in the order of the scenarios. */
  offer(event: SecurityEvent): readonly Overflow[] {
    let overflows: readonly Overflow[] = none;
    for (const counter of this.#counters) overflows = [...overflows, ...counter.due(event.time)];
    for (const table of this.#tablesOf(event.domain)) {
      const overflow = table.offer(event);
      if (overflow !== undefined) overflows = [...overflows, overflow];
    }
    return overflows;
  }

  #tablesOf(domain: string): readonly Table[] {
    const known = this.#byDomain.get(domain);
    if (known !== undefined) return known;
    const isNamed = ({ scenario: { domains } }: Table) => domains !== 'all' && domains.includes(domain);
    // Domains come from outside: remember those of scenarios only.
    if (!this.#tables.some(isNamed)) return this.#everywhere;
    const tables = this.#tables.filter((table) => table.scenario.domains === 'all' || isNamed(table));
    this.#byDomain.set(domain, tables);
    return tables;
  }
}
