// What kind of attacker somebody is: observed scenarios become behaviours, behaviours have a place in a taxonomy of attacks, and a
// few rules read several of them together. Every class of an actor has its proof, down to what was observed. The identifiers in
// brackets are those of MITRE ATT&CK techniques, as the scenarios name them.

import { createEngine, type Proof, rel, rules } from '@tenstrip/semantic-lattice';
import type { BlockedActor } from './run-summary';
import { targetName } from './wording';

/** A class that an actor is in, and why. */
export interface ActorClass {
  readonly name: string;
  readonly proof: ProofTree;
}

/** A statement, and the statements that it rests on; none: it was observed, or is the taxonomy's. */
export interface ProofTree {
  readonly statement: string;
  readonly because: readonly ProofTree[];
}

const relations = {
  observed: rel('term', 'term'),
  signals: rel('term', 'term'),
  kind: rel('term', 'term'),
  shows: rel('term', 'term'),
  is: rel('term', 'term'),
};

/** What each scenario is a sign of, by its name without the publisher. */
const signals: readonly (readonly [scenario: string, behaviour: string])[] = [
  ...['ssh-bf', 'mail-bf', 'api-login-bf', 'http-login-bf', 'http-wordpress-bf'].map(
    (name) => [name, 'password guessing (T1110)'] as const,
  ),
  ...['ssh-slow-bf', 'mail-slow-bf', 'http-slow-login-bf'].map(
    (name) => [name, 'slow password guessing (T1110)'] as const,
  ),
  ['http-login-form-bf', 'credential stuffing (T1110.004)'],
  ...['ssh-user-enumeration', 'ssh-slow-user-enumeration', 'mail-user-enumeration'].map(
    (name) => [name, 'user enumeration (T1589)'] as const,
  ),
  ['ssh-protocol-probing', 'service probing (T1595)'],
  ['http-bad-user-agent', 'scanning with a known tool (T1595)'],
  ['http-probing', 'searching for pages (T1595.003)'],
  ['http-path-traversal-probing', 'searching for weaknesses (T1595.002)'],
  ['http-sensitive-files', 'searching for secrets (T1595)'],
  ['http-admin-interface-probing', 'searching for pages (T1595.003)'],
  ['http-backdoors-attempts', 'use of a planted backdoor (T1505.003)'],
  ['http-sqli-probing', 'injection (T1190)'],
  ['http-xss-probing', 'injection (T1190)'],
  ['http-exploit-attempt', 'exploiting a known weakness (T1190)'],
];

/** The taxonomy: each is a kind of the second. */
const kinds: readonly (readonly [narrower: string, broader: string])[] = [
  ['slow password guessing (T1110)', 'password guessing (T1110)'],
  ['credential stuffing (T1110.004)', 'password guessing (T1110)'],
  ['password guessing (T1110)', 'attack on accounts'],
  ['user enumeration (T1589)', 'reconnaissance'],
  ['service probing (T1595)', 'reconnaissance'],
  ['scanning with a known tool (T1595)', 'reconnaissance'],
  ['searching for pages (T1595.003)', 'reconnaissance'],
  ['searching for weaknesses (T1595.002)', 'reconnaissance'],
  ['searching for secrets (T1595)', 'reconnaissance'],
  ['injection (T1190)', 'attack on an application'],
  ['exploiting a known weakness (T1190)', 'attack on an application'],
  ['use of a planted backdoor (T1505.003)', 'attack on an application'],
];

const classification = rules`
  shows(A, B) :- observed(A, S), signals(S, B).
  is(A, B) :- shows(A, B).
  is(A, D) :- is(A, C), kind(C, D).
  is(A, "intruder who looked first") :- is(A, "reconnaissance"), is(A, "attack on an application").
  is(A, "guesser who knows the names") :- is(A, "user enumeration (T1589)"), is(A, "password guessing (T1110)").
  is(A, "patient attacker") :- shows(A, "slow password guessing (T1110)").
  is(A, "attacker on several fronts") :- is(A, "attack on accounts"), is(A, "attack on an application").
`;

/** An actor's whole name: two that begin alike are two. */
export function actorName({ target }: Pick<BlockedActor, 'target'>): string {
  const name = targetName(target);
  return target.kind === 'ip' || target.kind === 'range' ? name : `${target.kind} ${name}`;
}

/** The classes of actors, by {@link actorName}, each class with its proof; an actor of unknown scenarios has none. */
export async function classifyActors(
  actors: readonly BlockedActor[],
): Promise<ReadonlyMap<string, readonly ActorClass[]>> {
  const engine = createEngine({ relations });
  engine.addRules(classification);
  await engine.transact((tx) => {
    tx.insertAll('signals', signals);
    tx.insertAll('kind', kinds);
    for (const actor of actors) {
      for (const scenario of actor.scenarios)
        tx.insert('observed', actorName(actor), scenario.slice(scenario.lastIndexOf('/') + 1));
    }
  });
  const classes = new Map<string, ActorClass[]>();
  const sorted = [...engine.find('is')].sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1));
  for (const [actor, name] of sorted) {
    const proof = treeOf(engine.explain('is', [actor, name]));
    classes.set(actor, [...(classes.get(actor) ?? []), { name, proof }]);
  }
  return classes;
}

function treeOf({ steps }: Proof): ProofTree {
  const trees: ProofTree[] = [];
  for (const { fact, premises } of steps) {
    trees.push({
      statement: sentence(fact.relation, fact.values.map(String)),
      because: premises.map((premise) => trees[premise]!),
    });
  }
  return trees.at(-1)!;
}

function sentence(relation: string, [subject = '', object = '']: readonly string[]): string {
  switch (relation) {
    case 'observed':
      return `${subject} was seen at ${object}`;
    case 'signals':
      return `${subject} is a sign of ${object}`;
    case 'kind':
      return `${subject} is a kind of ${object}`;
    case 'shows':
      return `${subject} shows ${object}`;
    default:
      return `${subject}: ${object}`;
  }
}
