// Which of many scenarios an event can concern at all. Most filters ask for one of some texts: a field that equals it, or
// that holds it. Fields are looked up in a table and searched once for the texts of all scenarios together, so that the
// scenarios that do not match cost next to nothing.

import {
  compileSyntax,
  type Evaluate,
  EvaluationFailure,
  type Expression,
  type Vocabulary,
} from '../expressions/index.js';
import type { EventRecord } from './rule-event.js';
import type { CompiledScenario, RuleScenario } from './scenario-compiler.js';
import { type TextSource, textAt, textSourceOf } from './text-place.js';
import { TextSearch } from './text-search.js';

/** One text that makes a filter possible. */
interface Atom {
  readonly subject: Expression;
  /** The subject in a spelling of its own: equal texts, equal subjects. */
  readonly key: string;
  readonly match: 'equals' | 'holds';
  readonly text: string;
}

/** Scenarios that one text makes possible. */
interface Possible {
  readonly numbers: number[];
  /** The same as scenarios, with those that are always candidates. Made when first asked for. */
  whole: readonly RuleScenario[] | undefined;
}

interface Subject {
  readonly read: Evaluate;
  /** Where it is the name of a text. */
  readonly place: TextSource | undefined;
  readonly equals: Map<string, Possible>;
  readonly held: { readonly text: string; readonly possible: Possible }[];
  search: TextSearch | undefined;
}

const nothing: readonly number[] = [];

function withOneMore<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined) return [item];
  list.push(item);
  return list;
}

/** Finds the candidates among scenarios for an event. */
export class ScenarioIndex {
  readonly #scenarios: readonly RuleScenario[];
  /** The round in which a scenario was found last. */
  readonly #noted: Float64Array;
  #round = 0;
  readonly #always: number[] = [];
  readonly #nothing: Possible = { numbers: [], whole: undefined };
  readonly #subjects: Subject[];
  /** Where all atoms are texts that one subject equals: its last text, and what that gave. */
  readonly #only: Subject | undefined;
  #lastText: unknown;
  #lastCandidates: readonly RuleScenario[] | undefined;

  constructor(compiled: readonly CompiledScenario[], vocabulary: Vocabulary) {
    this.#scenarios = compiled.map(({ scenario }) => scenario);
    this.#noted = new Float64Array(compiled.length);
    const subjects = new Map<string, Subject>();
    for (const [number, { filter }] of compiled.entries()) {
      const atoms = bestAtoms(filter);
      if (atoms === undefined) this.#always.push(number);
      for (const atom of atoms ?? []) this.#add(subjects, atom, number, vocabulary);
    }
    this.#subjects = [...subjects.values()];
    for (const subject of this.#subjects) {
      if (subject.held.length > 0) subject.search = new TextSearch(subject.held.map(({ text }) => text));
    }
    const [first] = this.#subjects;
    this.#only = this.#subjects.length === 1 && first?.search === undefined ? first : undefined;
  }

  /** The scenarios whose filter may be true of the event in `scope`, in order. */
  candidates(scope: Readonly<Record<string, unknown>>): readonly RuleScenario[] {
    if (this.#only === undefined) return this.#allCandidates(scope);
    const { place, read } = this.#only;
    const text = place === undefined ? subjectText(read, scope) : textAt(scope.evt as EventRecord, place);
    if (this.#lastCandidates === undefined || text !== this.#lastText) {
      this.#lastCandidates = this.#allCandidates(scope);
      this.#lastText = text;
    }
    return this.#lastCandidates;
  }

  #allCandidates(scope: Readonly<Record<string, unknown>>): readonly RuleScenario[] {
    // Most events make one text true at most: what that gives is made once.
    let first: Possible | undefined;
    let more: Possible[] | undefined;
    for (const { read, equals, held, search } of this.#subjects) {
      const value = subjectText(read, scope);
      if (typeof value !== 'string') continue;
      const equal = equals.get(value);
      if (equal !== undefined && first !== undefined) more = withOneMore(more, equal);
      else first ??= equal;
      for (const index of search?.findIn(value) ?? nothing) {
        const { possible } = held[index]!;
        if (first !== undefined) more = withOneMore(more, possible);
        else first = possible;
      }
    }
    const only = first ?? this.#nothing;
    if (more !== undefined) return this.#inOrder([only, ...more].flatMap(({ numbers }) => numbers));
    only.whole ??= this.#inOrder(only.numbers);
    return only.whole;
  }

  /** Scenarios by number with those that are always candidates, each once. */
  #inOrder(numbers: readonly number[]): readonly RuleScenario[] {
    this.#round += 1;
    const once: number[] = [];
    for (const number of [...this.#always, ...numbers]) {
      if (this.#noted[number] === this.#round) continue;
      this.#noted[number] = this.#round;
      once.push(number);
    }
    if (once.length > 1) once.sort((one, other) => one - other);
    return once.map((number) => this.#scenarios[number]!);
  }

  #add(subjects: Map<string, Subject>, atom: Atom, scenario: number, vocabulary: Vocabulary): void {
    let subject = subjects.get(atom.key);
    if (subject === undefined) {
      const compiled = compileSyntax(atom.subject, vocabulary);
      if ('problem' in compiled) {
        this.#always.push(scenario);
        return;
      }
      const place = atom.subject.kind === 'member' ? textSourceOf(dotted(atom.subject)) : undefined;
      subject = { read: compiled.evaluate, place, equals: new Map(), held: [], search: undefined };
      subjects.set(atom.key, subject);
    }
    if (atom.match === 'holds') {
      subject.held.push({ text: atom.text, possible: { numbers: [scenario], whole: undefined } });
      return;
    }
    const possible = subject.equals.get(atom.text);
    if (possible === undefined) subject.equals.set(atom.text, { numbers: [scenario], whole: undefined });
    else possible.numbers.push(scenario);
  }
}

function subjectText(read: Evaluate, scope: Readonly<Record<string, unknown>>): unknown {
  try {
    return read(scope);
  } catch (error) {
    if (error instanceof EvaluationFailure) return undefined;
    throw error;
  }
}

/** The atoms of which one must be true, of the conjunct that says most; `undefined` when there is none such. */
function bestAtoms(filter: Expression): readonly Atom[] | undefined {
  if (filter.kind === 'binary' && filter.operator === '&&') {
    const [left, right] = [bestAtoms(filter.left), bestAtoms(filter.right)];
    if (left === undefined || right === undefined) return left ?? right;
    return selectivity(left) >= selectivity(right) ? left : right;
  }
  if (filter.kind === 'binary' && filter.operator === '||') {
    const [left, right] = [bestAtoms(filter.left), bestAtoms(filter.right)];
    return left === undefined || right === undefined ? undefined : [...left, ...right];
  }
  return atomsOf(filter);
}

/** A text that is held says more than one that is equalled, and a longer one more than a shorter. */
function selectivity(atoms: readonly Atom[]): number {
  return Math.min(...atoms.map(({ match, text }) => (match === 'holds' ? 100 : 0) + text.length));
}

function atomsOf(filter: Expression): readonly Atom[] | undefined {
  if (filter.kind !== 'binary') return undefined;
  const { operator, left, right } = filter;
  if (operator === 'in' && right.kind === 'array') {
    const key = spelling(left);
    const texts = right.items.map(constantText);
    if (key === undefined || !texts.every((text) => text !== undefined)) return undefined;
    return texts.map((text) => ({ subject: left, key, match: 'equals', text }));
  }
  const key = spelling(left);
  const text = constantText(right);
  if (key === undefined || text === undefined) return undefined;
  if (operator === '==') return [{ subject: left, key, match: 'equals', text }];
  if (text.length < 2 || (operator !== 'contains' && operator !== 'startsWith' && operator !== 'endsWith'))
    return undefined;
  return [{ subject: left, key, match: 'holds', text }];
}

/** A constant, also in upper or lower case by a function. */
function constantText(node: Expression): string | undefined {
  if (node.kind === 'literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.kind !== 'call' || node.callee.kind !== 'name' || node.arguments.length !== 1) return undefined;
  const text = constantText(node.arguments[0]!);
  if (node.callee.name === 'Upper') return text?.toUpperCase();
  return node.callee.name === 'Lower' ? text?.toLowerCase() : undefined;
}

const foldings = new Set(['Upper', 'Lower']);

/** A field of the event by its names. */
function dotted(node: Expression): string {
  if (node.kind === 'name') return node.name;
  return node.kind === 'member' && node.property.kind === 'literal'
    ? `${dotted(node.object)}.${String(node.property.value)}`
    : '';
}

/** A field of the event, also in upper or lower case; `undefined` for any other expression. */
function spelling(node: Expression): string | undefined {
  if (
    node.kind === 'call' &&
    node.callee.kind === 'name' &&
    foldings.has(node.callee.name) &&
    node.arguments.length === 1
  ) {
    const inner = spelling(node.arguments[0]!);
    return inner === undefined ? undefined : `${node.callee.name}(${inner})`;
  }
  if (node.kind === 'name') return node.name === 'evt' ? 'evt' : undefined;
  if (node.kind !== 'member' || node.property.kind !== 'literal' || typeof node.property.value !== 'string')
    return undefined;
  const object = spelling(node.object);
  return object === undefined || object.includes('(') ? undefined : `${object}.${JSON.stringify(node.property.value)}`;
}
