// All scenarios at work on a stream of events. A scenario sees only events of its domains.

import { EventKeeper, type SecurityEvent } from '../events/index.js';
import { BucketTable, type Overflow } from './bucket-table.js';
import { CounterTable } from './counter-table.js';
import { GroupNames } from './group-names.js';
import { checkScenario, type PreselectedEvent, type Scenario, scenarioFailed } from './scenario.js';

type Table = BucketTable | CounterTable;

const none: readonly never[] = [];

/** Runs scenarios over events. */
export class PatternDetector {
  readonly #tables: readonly Table[];
  /** Tables whose buckets overflow by time alone. */
  readonly #counters: readonly CounterTable[];
  /** Tables of scenarios that are not preselected. */
  readonly #asked: readonly Table[];
  readonly #everywhere: readonly Table[];
  readonly #byScenario: ReadonlyMap<Scenario, Table>;
  readonly #byDomain = new Map<string, readonly Table[]>();
  #lastCandidates: readonly Scenario[] = none;
  #lastTables: readonly Table[] = none;

  /** `keeper`: keeps events for others too. @throws TenstripError `ScenarioInvalid` */
  constructor(scenarios: readonly Scenario[], maxBuckets: number, keeper: EventKeeper = new EventKeeper()) {
    const groups = new Map<Scenario['groupBy'], GroupNames>();
    const groupsOf = ({ groupBy }: Scenario) => {
      const names = groups.get(groupBy) ?? new GroupNames(groupBy, keeper);
      groups.set(groupBy, names);
      return names;
    };
    this.#tables = scenarios.map((scenario) => {
      const checked = checkScenario(scenario);
      return checked.windowMs === undefined
        ? new BucketTable(checked, maxBuckets, keeper, groupsOf(checked))
        : new CounterTable(checked, maxBuckets);
    });
    this.#counters = this.#tables.filter((table) => table instanceof CounterTable);
    this.#byScenario = new Map(this.#tables.map((table) => [table.scenario, table]));
    this.#asked = this.#tables.filter((table) => table.scenario.preselected !== true);
    this.#everywhere = this.#asked.filter((table) => table.scenario.domains === 'all');
    const named = new Set(this.#asked.flatMap(({ scenario: { domains } }) => (domains === 'all' ? [] : domains)));
    for (const domain of named)
      this.#byDomain.set(
        domain,
        this.#asked.filter((table) => isOf(table, domain)),
      );
  }

  /** How long an event can matter to any scenario, in milliseconds. */
  get memoryMs(): number {
    return this.#tables.reduce((longest, table) => Math.max(longest, table.memoryMs), 0);
  }

  /** Counts of every scenario, by name; those of a rule in several parts together. */
  get statistics(): Record<string, { live: number; overflows: number; evicted: number }> {
    const counts: Record<string, { live: number; overflows: number; evicted: number }> = {};
    for (const { scenario, statistics } of this.#tables) {
      const before = counts[scenario.name] ?? { live: 0, overflows: 0, evicted: 0 };
      counts[scenario.name] = {
        live: before.live + statistics.live,
        overflows: before.overflows + statistics.overflows,
        evicted: before.evicted + statistics.evicted,
      };
    }
    return counts;
  }

  /**
   * Looks at one event; the overflows that are due by its time, and those that it causes, in the order of the scenarios.
   * @throws TenstripError `ScenarioInvalid` with the cause, when a function of a scenario fails.
   */
  offer(event: SecurityEvent): readonly Overflow[] {
    let overflows: readonly Overflow[] = none;
    for (let at = 0; at < this.#counters.length; at += 1) {
      const due = this.#counters[at]!.due(event.time);
      if (due.length > 0) overflows = [...overflows, ...due];
    }
    if (this.#asked.length > 0) {
      overflows = offerTo(this.#byDomain.get(event.domain) ?? this.#everywhere, event, overflows);
    }
    if (!('candidates' in event)) return overflows;
    return offerTo(this.#tablesOf((event as PreselectedEvent).candidates), event, overflows);
  }

  /** The tables of scenarios; events of one kind share their list. */
  #tablesOf(candidates: readonly Scenario[]): readonly Table[] {
    if (candidates !== this.#lastCandidates) {
      this.#lastCandidates = candidates;
      this.#lastTables = candidates.flatMap((scenario) => this.#byScenario.get(scenario) ?? []);
    }
    return this.#lastTables;
  }
}

/** The overflows before with those that an event causes in some tables. */
function offerTo(tables: readonly Table[], event: SecurityEvent, before: readonly Overflow[]): readonly Overflow[] {
  let overflows = before;
  let at = 0;
  try {
    for (; at < tables.length; at += 1) {
      const overflow = tables[at]!.offer(event);
      if (overflow !== undefined) overflows = [...overflows, overflow];
    }
  } catch (error) {
    throw scenarioFailed(tables[at]!.scenario, error);
  }
  return overflows;
}

function isOf({ scenario: { domains } }: Table, domain: string): boolean {
  return domains === 'all' || domains.includes(domain);
}
