// The checker on certificates written by hand: what each must be accepted for, and the part for which each other one is refused.
import { describe, expect, it } from 'vitest';
import {
  type Certificate,
  type CertificateFact,
  type CheckOptions,
  checkCertificate,
  digestOfFacts,
  digestOfRules,
  type RuleStep,
} from '../../../src/certificates/checker/index.js';
import { certify, createEngine, givenFacts, rel } from '../../../src/index.js';
import { type Lattice, maxInteger, minInteger, powerSet } from '../../../src/lattices/index.js';

const column = (...columns: ('term' | 'integer' | Lattice<unknown>)[]) => ({ columns });

function certificate(rules: string, given: CertificateFact[], parts: Partial<Certificate>): Certificate {
  const digests = { rules: digestOfRules(rules), facts: digestOfFacts(given) };
  return { format: 'tenstrip/certificate/1', digests, claims: [], rules: [], facts: [], steps: [], ...parts };
}

const reach = {
  rules: 'reach(X, Y) :- edge(X, Y). reach(X, Z) :- reach(X, Y), edge(Y, Z).',
  relations: { edge: column('term', 'term'), reach: column('term', 'term') },
  facts: [
    ['edge', 'a', 'b'],
    ['edge', 'b', 'c'],
  ] as CertificateFact[],
};
const first = 'reach(X, Y) :- edge(X, Y).';
const second = 'reach(X, Z) :- reach(X, Y), edge(Y, Z).';
const steps: RuleStep[] = [
  { fact: ['reach', 'a', 'b'], rule: 0, bindings: { X: 'a', Y: 'b' }, premises: [0] },
  { fact: ['reach', 'a', 'c'], rule: 1, bindings: { X: 'a', Y: 'b', Z: 'c' }, premises: [2, 1] },
];
const closure = certificate(reach.rules, reach.facts, {
  claims: [['reach', 'a', 'c']],
  rules: [first, second],
  facts: reach.facts,
  steps,
});

describe('a certificate', () => {
  it('is accepted when each step is an instance of its rule', () => {
    expect(checkCertificate(closure, reach)).toEqual({
      valid: true,
      claims: [['reach', 'a', 'c']],
      factsChecked: true,
    });
  });

  it('is accepted without the facts, which the verdict says', () => {
    const { facts: _, ...options } = reach;
    expect(checkCertificate(closure, options)).toMatchObject({ valid: true, factsChecked: false });
  });

  it('is accepted for the same rules written otherwise', () => {
    const rules = '@prefix x: <urn:x:>. % a comment\nreach(X,Z):-reach(X,Y),\n edge(Y,Z).\nreach(X ,Y) :- edge(X,Y).';
    expect(checkCertificate(closure, { ...reach, rules })).toMatchObject({ valid: true });
  });

  const [one, two] = steps as [RuleStep, RuleStep];
  it.each<[string, Partial<Certificate> | object, Partial<CheckOptions>, string]>([
    ['other rules', {}, { rules: `${first} ${second} edge(X, X) :- edge(X, _).` }, 'rules'],
    ['other facts', {}, { facts: [...reach.facts, ['edge', 'c', 'd']] }, 'facts'],
    ['a fact that was not given', { facts: [...reach.facts.slice(0, 1), ['edge', 'b', 'd']] }, {}, 'fact 1'],
    ['a fact of no relation', { facts: [['road', 'a', 'b']] }, {}, 'fact 0'],
    ['a fact of another kind', { facts: [['edge', 'a', 1]] }, {}, 'fact 0'],
    ['a premise that is missing', { steps: [one, { ...two, premises: [2] }] }, {}, 'step 1'],
    ['a premise that comes later', { steps: [{ ...two, premises: [3, 1] }, one] }, {}, 'step 0'],
    ['a premise of another value', { steps: [one, { ...two, premises: [2, 0] }] }, {}, 'step 1'],
    ['a head of another value', { steps: [one, { ...two, fact: ['reach', 'a', 'd'] }] }, {}, 'step 1'],
    ['bindings of other values', { steps: [one, { ...two, bindings: { X: 'a', Y: 'b', Z: 'd' } }] }, {}, 'step 1'],
    ['bindings too many', { steps: [one, { ...two, bindings: { ...two.bindings, W: 'a' } }] }, {}, 'step 1'],
    [
      'a join of what has no lattice',
      { steps: [one, { fact: two.fact, joins: [0, 2] }], rules: [first] },
      {},
      'step 1',
    ],
    ['a rule that is none', { rules: [first, 'reach(X, Z) :- edge(X, Y), edge(Y, Z).'] }, {}, 'rule 1'],
    ['a rule number too high', { steps: [one, { ...two, rule: 2 }] }, {}, 'step 1'],
    ['a claim that nothing states', { claims: [['reach', 'b', 'c']] }, {}, 'claim 0'],
    ['no claims', { claims: [] }, {}, 'claims'],
    [
      'a fact that nothing uses',
      { facts: [...reach.facts].reverse(), steps: [{ ...one, premises: [1] }], rules: [first], claims: [one.fact] },
      {},
      'fact 0',
    ],
    ['a step twice', { steps: [one, one, { ...two, premises: [2, 1] }] }, {}, 'steps'],
    ['a key too many', { note: 'trust me' }, {}, 'format'],
    ['another format', { format: 'tenstrip/certificate/2' }, {}, 'format'],
    ['no signature where one must be', {}, { publicKey: new Uint8Array(32) }, 'signature'],
    ['a signature that is none', { signature: { publicKey: 'AAAA', value: 'AAAA' } }, {}, 'signature'],
    ['more parts than allowed', {}, { limits: { steps: 1 } }, 'rules'],
    ['rules that cannot be read', {}, { rules: 'reach(X' }, 'rules'],
    ['a text of rules that is too long', {}, { limits: { ruleText: 10 } }, 'rules'],
  ])('is refused for %s', (_, parts, options, at) => {
    expect(checkCertificate({ ...closure, ...parts }, { ...reach, ...options })).toMatchObject({ valid: false, at });
  });

  it.each([null, 1, 'x', [], {}, { format: 'tenstrip/certificate/1' }])('is refused when it is %j', (given) => {
    expect(checkCertificate(given, reach)).toMatchObject({ valid: false, at: 'format' });
  });

  it('does not follow names into prototypes', () => {
    const step = { ...steps[0], fact: ['__proto__', 'a'], bindings: {} };
    expect(checkCertificate({ ...closure, steps: [step], claims: [['__proto__', 'a']] }, reach)).toMatchObject({
      valid: false,
    });
  });
});

describe('what is absent', () => {
  const rules =
    'path(X, Y) :- edge(X, Y). path(X, Z) :- path(X, Y), edge(Y, Z). apart(X, Y) :- node(X), node(Y), not path(X, Y). leaf(X) :- node(X), not edge(X, _).';
  const relations = {
    node: column('term'),
    leaf: column('term'),
    edge: column('term', 'term'),
    path: column('term', 'term'),
    apart: column('term', 'term'),
  };
  const facts: CertificateFact[] = [
    ['node', 'a'],
    ['node', 'c'],
    ['edge', 'a', 'b'],
    ['edge', 'b', 'c'],
  ];
  const apartRule = 'apart(X, Y) :- node(X), node(Y), not path(X, Y).';
  const apart = (x: string, y: string) =>
    certificate(rules, facts, {
      claims: [['apart', x, y]],
      rules: [apartRule],
      facts: [
        ['node', x],
        ['node', y],
      ],
      steps: [{ fact: ['apart', x, y], rule: 0, bindings: { X: x, Y: y }, premises: [0, 1] }],
    });

  it('is evaluated where rules derive it', () => {
    expect(checkCertificate(apart('c', 'a'), { rules, relations, facts })).toMatchObject({ valid: true });
    expect(checkCertificate(apart('a', 'c'), { rules, relations, facts })).toMatchObject({
      valid: false,
      at: 'step 0',
    });
  });

  it('is looked up where no rule does, for every value of a wildcard', () => {
    const leaf = (x: string) =>
      certificate(rules, facts, {
        claims: [['leaf', x]],
        rules: ['leaf(X) :- node(X), not edge(X, _).'],
        facts: [['node', x]],
        steps: [{ fact: ['leaf', x], rule: 0, bindings: { X: x }, premises: [0] }],
      });
    expect(checkCertificate(leaf('c'), { rules, relations, facts })).toMatchObject({ valid: true });
    expect(checkCertificate(leaf('a'), { rules, relations, facts })).toMatchObject({ valid: false, at: 'step 0' });
  });

  it('needs the facts, and stays within its bound', () => {
    expect(checkCertificate(apart('c', 'a'), { rules, relations })).toMatchObject({ valid: false, at: 'step 0' });
    const limits = { evaluation: 3 };
    expect(checkCertificate(apart('c', 'a'), { rules, relations, facts, limits })).toMatchObject({
      valid: false,
      at: 'step 0',
    });
  });

  it('is nothing that a negative cycle decides', () => {
    const cyclic = 'p(X) :- node(X), not q(X). q(X) :- node(X), not p(X).';
    const options = {
      rules: cyclic,
      relations: { node: column('term'), p: column('term'), q: column('term') },
      facts: [['node', 'a']] as CertificateFact[],
    };
    const claim = certificate(cyclic, options.facts, {
      claims: [['p', 'a']],
      rules: ['p(X) :- node(X), not q(X).'],
      facts: [['node', 'a']],
      steps: [{ fact: ['p', 'a'], rule: 0, bindings: { X: 'a' }, premises: [0] }],
    });
    expect(checkCertificate(claim, options)).toMatchObject({ valid: false, at: 'rules' });
  });
});

describe('cells of lattices', () => {
  const rules = 'dist(X, 0) :- start(X). dist(Y, D + W) :- dist(X, D), edge(X, Y, W). near(X) :- dist(X, D), D < 5.';
  const relations = {
    start: column('term'),
    edge: column('term', 'term', 'integer'),
    dist: column('term', minInteger),
    near: column('term'),
  };
  const facts: CertificateFact[] = [
    ['start', 'a'],
    ['edge', 'a', 'b', 7],
    ['edge', 'a', 'c', 1],
    ['edge', 'c', 'b', 2],
  ];
  const go = 'dist(Y, (D + W)) :- dist(X, D), edge(X, Y, W).';
  const begin: RuleStep = { fact: ['dist', 'a', '0'], rule: 0, bindings: { X: 'a' }, premises: [0] };
  const table = ['dist(X, 0) :- start(X).', go];

  it('are at least what their derivations say', () => {
    const far = certificate(rules, facts, {
      claims: [['dist', 'b', '7']],
      rules: table,
      facts: facts.slice(0, 2),
      steps: [
        begin,
        { fact: ['dist', 'b', '7'], rule: 1, bindings: { X: 'a', D: '0', Y: 'b', W: 7 }, premises: [2, 1] },
      ],
    });
    expect(checkCertificate(far, { rules, relations, facts })).toMatchObject({ valid: true });
  });

  it('are exactly so where a rule tests them', () => {
    const near = (value: string, premise: RuleStep[], used: CertificateFact[]) =>
      certificate(rules, facts, {
        claims: [['near', 'b']],
        rules: [...table, 'near(X) :- dist(X, D), D < 5.'],
        facts: used,
        steps: [
          ...premise,
          {
            fact: ['near', 'b'],
            rule: 2,
            bindings: { X: 'b', D: value },
            premises: [used.length + premise.length - 1],
          },
        ],
      });
    const short = [facts[0]!, facts[2]!, facts[3]!];
    const viaC: RuleStep[] = [
      { ...begin, premises: [0] },
      { fact: ['dist', 'c', '1'], rule: 1, bindings: { X: 'a', D: '0', Y: 'c', W: 1 }, premises: [3, 1] },
      { fact: ['dist', 'b', '3'], rule: 1, bindings: { X: 'c', D: '1', Y: 'b', W: 2 }, premises: [4, 2] },
    ];
    expect(checkCertificate(near('3', viaC, short), { rules, relations, facts })).toMatchObject({ valid: true });
    const wrong = near('3', viaC, short);
    const lifted = {
      ...wrong,
      steps: wrong.steps.map((step) => (step.fact[0] === 'near' ? { ...step, bindings: { X: 'b', D: '4' } } : step)),
    };
    expect(checkCertificate(lifted, { rules, relations, facts })).toMatchObject({ valid: false, at: 'step 3' });
  });

  it('are exactly so where a rule says of another cell what falls when they rise', () => {
    const dual = { rules: '', relations: { low: column('term', minInteger), high: column('term', maxInteger) } };
    const given: CertificateFact[] = [
      ['low', 'a', '5'],
      ['low', 'a', '3'],
    ];
    const high = (rule: string, value: number, said: number): [Certificate, CheckOptions] => [
      certificate(rule, given, {
        claims: [['high', 'a', String(said)]],
        rules: [rule],
        facts: [['low', 'a', String(value)]],
        steps: [{ fact: ['high', 'a', String(said)], rule: 0, bindings: { X: 'a', D: String(value) }, premises: [0] }],
      }),
      { ...dual, rules: rule, facts: given },
    ];
    expect(checkCertificate(...high('high(X, D) :- low(X, D).', 3, 3))).toMatchObject({ valid: true });
    expect(checkCertificate(...high('high(X, D) :- low(X, D).', 5, 5))).toMatchObject({ valid: false, at: 'step 0' });
    const lowAgain = { low: column('term', minInteger), high: column('term', minInteger) };
    const turned = (value: number) => {
      const [made, options] = high('high(X, (1 - D)) :- low(X, D).', value, 1 - value);
      return checkCertificate(made, { ...options, relations: lowAgain });
    };
    expect(turned(3)).toMatchObject({ valid: true });
    expect(turned(5)).toMatchObject({ valid: false, at: 'step 0' });
  });

  it('join several statements, each about the same cell', () => {
    const tags = 'tag(X, one(T)) :- has(X, T). tag(X, S) :- below(X, Y), tag(Y, S).';
    const options = {
      rules: tags,
      relations: { has: column('term', 'term'), below: column('term', 'term'), tag: column('term', powerSet()) },
      facts: [
        ['has', 'a', 'p'],
        ['has', 'a', 'q'],
        ['below', 'b', 'a'],
      ] as CertificateFact[],
      functions: { one: (name: string) => [name] },
    };
    const joined = (joins: number): Certificate =>
      certificate(tags, options.facts, {
        claims: [['tag', 'a', '["p","q"]']],
        rules: ['tag(X, one(T)) :- has(X, T).'],
        facts: options.facts.slice(0, 2),
        steps: [
          { fact: ['tag', 'a', '["p"]'], rule: 0, bindings: { X: 'a', T: 'p' }, premises: [0] },
          { fact: ['tag', 'a', '["q"]'], rule: 0, bindings: { X: 'a', T: 'q' }, premises: [1] },
          { fact: ['tag', 'a', '["p","q"]'], joins: [joins, 3] },
        ],
      });
    expect(checkCertificate(joined(2), options)).toMatchObject({ valid: true });
    expect(checkCertificate(joined(0), options)).toMatchObject({ valid: false, at: 'step 2' });
  });
});

describe('equalities', () => {
  it('read a hyphen after a variable as minus', () => {
    const rules = 'q(X) :- p(X), X-1 = 5.';
    const options = { rules, relations: { p: column('integer'), q: column('integer') } };
    const canonical = 'q(X) :- p(X), (X - 1) = 5.';
    const claim = (value: number, text: string, bindings: Record<string, number>): Certificate =>
      certificate(text, [['p', value]], {
        claims: [['q', value]],
        rules: [text],
        facts: [['p', value]],
        steps: [{ fact: ['q', value], rule: 0, bindings, premises: [0] }],
      });
    expect(checkCertificate(claim(6, canonical, { X: 6 }), options)).toMatchObject({ valid: true });
    expect(checkCertificate(claim(1, canonical, { X: 1 }), options)).toMatchObject({ valid: false, at: 'step 0' });
    expect(checkCertificate(claim(1, rules, { X: 1, 'X-1': 5 }), options)).toMatchObject({
      valid: false,
      at: 'rule 0',
    });
  });

  it('bind variables, and are tested where both sides are bound', () => {
    const rules = 'next(X, M) :- at(X, N), M = N + 1, M != 3.';
    const options = { rules, relations: { at: column('term', 'integer'), next: column('term', 'integer') } };
    const next = (n: number): Certificate =>
      certificate(rules, [['at', 'a', n]], {
        claims: [['next', 'a', n + 1]],
        rules: ['next(X, M) :- at(X, N), M = (N + 1), M != 3.'],
        facts: [['at', 'a', n]],
        steps: [{ fact: ['next', 'a', n + 1], rule: 0, bindings: { X: 'a', N: n, M: n + 1 }, premises: [0] }],
      });
    expect(checkCertificate(next(1), options)).toMatchObject({ valid: true });
    expect(checkCertificate(next(2), options)).toMatchObject({ valid: false, at: 'step 0' });
  });
});

describe('arithmetic below a negation', () => {
  it('is not made for bindings that another condition rules out, so that a valid certificate is not refused for it', async () => {
    const relations = { e: rel('term', 'integer'), zero: rel('term'), part: rel('term', 'integer'), odd: rel('term') };
    const rules =
      'part(X, 10 / N) :- e(X, N), not zero(X). part(X, A) :- A = 10 / N, B = 5 / A, B > 0, N != 0, e(X, N). odd(X) :- e(X, _), not part(X, 7).';
    const engine = createEngine({ relations });
    engine.addRules(rules);
    await engine.transact((tx) => {
      tx.insert('e', 'a', 0);
      tx.insert('zero', 'a');
      tx.insert('e', 'b', 5);
    });
    const certificate = await certify(engine, { relation: 'odd', values: ['a'] });
    expect(checkCertificate(certificate, { rules, relations, facts: givenFacts(engine) })).toMatchObject({
      valid: true,
    });
  });
});
