// Strata: the strongly connected components of "depends on" between relations, lowest first (Tarjan, SIAM J. Comput. 1972; without
// recursion). A component that contains a negation, or a test of its own lattice values, has no least model: its cycle is printed.
import { latticeError } from '../errors/index.js';
import type { Relation } from '../relations/index.js';
import type { CheckedRule } from './checked-rule.js';

/** Relations that depend on one another, and the rules that fill them. */
export interface Stratum {
  readonly number: number;
  readonly relations: readonly Relation[];
  readonly rules: readonly CheckedRule[];
  /** Whether any rule's body reads a relation of this stratum. */
  readonly recursive: boolean;
}

interface Dependency {
  readonly from: number;
  readonly strict: boolean;
  readonly rule: CheckedRule;
}

/**
 * Strata in an order in which each needs only those before it.
 *
 * @param relations numbered by their `id`, from 0
 * @throws TenstripError `NotStratifiable` with the cycle
 */
export function stratify(relations: readonly Relation[], rules: readonly CheckedRule[]): Stratum[] {
  const dependencies = relations.map((): Dependency[] => []);
  for (const rule of rules) {
    const into = dependencies[rule.head.relation.id]!;
    for (const atom of rule.positive)
      into.push({ from: atom.relation.id, strict: rule.strict.includes(atom.relation), rule });
    for (const atom of rule.negative) into.push({ from: atom.relation.id, strict: true, rule });
  }
  const component = components(dependencies);
  for (const [head, all] of dependencies.entries()) {
    for (const dependency of all) {
      if (dependency.strict && component[dependency.from] === component[head])
        refuseCycle(head, dependency, dependencies, component, relations);
    }
  }
  const count = component.reduce((most, each) => Math.max(most, each + 1), 0);
  return Array.from({ length: count }, (_, number) => {
    const own = relations.filter(({ id }) => component[id] === number);
    const ownRules = rules.filter((rule) => component[rule.head.relation.id] === number);
    const recursive = ownRules.some((rule) => rule.positive.some((atom) => component[atom.relation.id] === number));
    return { number, relations: own, rules: ownRules, recursive };
  });
}

/** Tarjan's components over "head depends on body": a component is finished after all that it depends on. */
function components(dependencies: readonly (readonly Dependency[])[]): number[] {
  const count = dependencies.length;
  const order = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const component = new Array<number>(count).fill(-1);
  const next = new Array<number>(count).fill(0);
  const open: number[] = [];
  let visited = 0;
  let found = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    const path = [root];
    order[root] = low[root] = visited++;
    open.push(root);
    while (path.length > 0) {
      const node = path.at(-1)!;
      const edge = dependencies[node]![next[node]!];
      if (edge !== undefined) {
        next[node]!++;
        if (order[edge.from] === -1) {
          order[edge.from] = low[edge.from] = visited++;
          open.push(edge.from);
          path.push(edge.from);
        } else if (component[edge.from] === -1) low[node] = Math.min(low[node]!, order[edge.from]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      if (low[node] !== order[node]) continue;
      for (let member = -1; member !== node; ) {
        member = open.pop()!;
        component[member] = found;
      }
      found++;
    }
  }
  return component;
}

function refuseCycle(
  head: number,
  strict: Dependency,
  dependencies: readonly (readonly Dependency[])[],
  component: readonly number[],
  relations: readonly Relation[],
): never {
  // A way from the strictly used relation back down to the head, inside the component.
  const reachedBy = new Map<number, Dependency & { to: number }>();
  const queue = [strict.from];
  for (let at = 0; at < queue.length && !(reachedBy.has(head) || strict.from === head); at++) {
    for (const dependency of dependencies[queue[at]!]!) {
      if (component[dependency.from] !== component[head] || reachedBy.has(dependency.from)) continue;
      reachedBy.set(dependency.from, { ...dependency, to: queue[at]! });
      queue.push(dependency.from);
    }
  }
  const cycle = [relations[strict.from]!.name];
  for (let node = head; node !== strict.from; node = reachedBy.get(node)!.to) cycle.splice(1, 0, relations[node]!.name);
  cycle.reverse();
  const { line, column } = strict.rule.place;
  const negated = strict.rule.negative.some(({ relation }) => relation.id === strict.from);
  const name = relations[strict.from]!.name;
  const how = negated ? `not ${name}` : `a test of the values of ${name} (or its value here need not rise with them)`;
  throw latticeError(
    'NotStratifiable',
    `line ${line}, column ${column}: ${relations[head]!.name} depends on ${how}, and ${name} on ${relations[head]!.name}: ${[...cycle, cycle[0]].join(' <- ')}`,
    { cycle, line, column },
  );
}
