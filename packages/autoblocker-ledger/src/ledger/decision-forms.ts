// What many decisions have in common, once: rule, reason, action, domains and counts. A list of a million addresses has one
// form. Forms are found again by their text; beyond a bound they are no longer looked for, so that the search stays small.

import type { Decision } from '../decisions/index.js';

/** All of a decision that is not its own. */
export type DecisionForm = Pick<
  Decision,
  'action' | 'domains' | 'reason' | 'scenario' | 'origin' | 'score' | 'eventCount' | 'rail'
>;

interface KnownForm extends DecisionForm {
  /** The names of the rules that led to it: one. */
  readonly scenarios: ReadonlySet<string>;
}

const maxKnown = 65_536;

/** The forms of a ledger's decisions, by number. */
export class DecisionForms {
  readonly #forms: KnownForm[] = [];
  readonly #known = new Map<string, number>();
  readonly #scenarios = new Map<string, Pick<KnownForm, 'scenario' | 'scenarios'>>();
  /** Names of several rules, by those without the last and the last. */
  readonly #wider = new Map<ReadonlySet<string>, Map<string, ReadonlySet<string>>>();
  #widerCount = 0;
  #last = -1;

  /** The number of a form. */
  add(form: DecisionForm): number {
    if (this.#last >= 0 && isSame(this.#forms[this.#last]!, form)) return this.#last;
    const { action, domains, reason, scenario, origin, score, eventCount, rail } = form;
    const key = JSON.stringify([
      action,
      domains,
      reason,
      scenario.name,
      scenario.version,
      origin,
      score,
      eventCount,
      rail,
    ]);
    this.#last = this.#known.get(key) ?? this.#addNew(key, form);
    return this.#last;
  }

  get(number: number): KnownForm {
    return this.#forms[number]!;
  }

  /** Names of rules and one more: the same set for all that were extended by the same rules, who are most. */
  with(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
    const known = this.#wider.get(names)?.get(name);
    if (known !== undefined) return known;
    const made = new Set([...names, name]);
    if (this.#widerCount < maxKnown) {
      this.#widerCount += 1;
      const byName = this.#wider.get(names) ?? new Map<string, ReadonlySet<string>>();
      this.#wider.set(names, byName.set(name, made));
    }
    return made;
  }

  #addNew(key: string, form: DecisionForm): number {
    const { action, domains, reason, scenario, origin, score, eventCount, rail } = form;
    const number = this.#forms.push({
      action,
      domains,
      reason,
      ...this.#scenarioOf(scenario),
      origin,
      score,
      eventCount,
      rail,
    });
    if (this.#known.size < maxKnown) this.#known.set(key, number - 1);
    return number - 1;
  }

  /** Rules that stand in many forms are one object in memory. */
  #scenarioOf({ name, version }: DecisionForm['scenario']): Pick<KnownForm, 'scenario' | 'scenarios'> {
    const key = `${name} ${version}`;
    const known = this.#scenarios.get(key);
    if (known !== undefined) return known;
    const made = { scenario: { name, version }, scenarios: new Set([name]) };
    if (this.#scenarios.size < maxKnown) this.#scenarios.set(key, made);
    return made;
  }
}

/** Whether two forms are the same, as far as that is cheap to say. */
function isSame(one: DecisionForm, other: DecisionForm): boolean {
  return (
    one.reason === other.reason &&
    one.score === other.score &&
    one.eventCount === other.eventCount &&
    one.action === other.action &&
    one.origin === other.origin &&
    one.domains === 'all' &&
    other.domains === 'all' &&
    one.rail === undefined &&
    other.rail === undefined &&
    one.scenario.name === other.scenario.name &&
    one.scenario.version === other.scenario.version
  );
}
