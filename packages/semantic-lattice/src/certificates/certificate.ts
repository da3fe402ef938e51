// Certificates out of an engine's proofs. What stands in one is checked by what is in `checker/`, which knows nothing of engines.
// A cell of a lattice is certified to be at least its value: that it is no more, no list of steps can show.

import type { Signer } from '@tenstrip/shared-core';
import type { Engine } from '../engine/index.js';
import { countIn, latticeError, objectIn, optionsIn, refuseInput } from '../errors/index.js';
import type { Fact } from '../facts/index.js';
import type { Lattice } from '../lattices/index.js';
import type { Proof, ProofStep } from '../proofs/index.js';
import type { RelationDeclarations } from '../relations/index.js';
import {
  type Certificate,
  type CertificateFact,
  type CertificateStep,
  type CertificateValue,
  defaultLimits,
  digestOfFacts,
  Program,
  signedBytes,
} from './checker/index.js';

/** Options of {@link certify}. */
export interface CertifyOptions {
  /** Signs the certificate: Ed25519. Without it the certificate is checked against rules and facts alone. */
  readonly signer?: Signer;
  /** Facts and steps of a certificate at most. Default 1,000,000. */
  readonly maxSteps?: number;
}

/**
 * A certificate that some facts hold, with all that they rest on. Linear in the size of their proofs, and in that of all facts, whose
 * digest it has.
 *
 * @throws TenstripError `FactUnknown` for a fact that does not hold, `ProofsOff`, `CapacityExceeded` beyond `maxSteps`, and
 * `ProofNotCertifiable` where a cell's value was widened: such a value is above what follows
 */
export async function certify<R extends RelationDeclarations>(
  engine: Engine<R>,
  claims: Fact | readonly Fact[],
  options: CertifyOptions = {},
): Promise<Certificate> {
  const { signer, maxSteps = 1_000_000 } = optionsIn('the options of certify', options);
  requireEngine(engine);
  countIn('maxSteps', maxSteps, 1);
  if (signer !== undefined && typeof signer?.sign !== 'function')
    refuseInput('signer', signer, 'give what createSigner made');
  const program = new Program(
    engine.rules.join('\n'),
    engine.declarations,
    {},
    { ...defaultLimits, ruleText: Number.MAX_SAFE_INTEGER, nesting: Number.MAX_SAFE_INTEGER },
  );
  const writer = new CertificateWriter(program, engine.declarations, maxSteps);
  for (const claim of Array.isArray(claims) ? (claims as readonly Fact[]) : [claims as Fact]) {
    const { relation, values } = objectIn('a claim', claim);
    writer.claim(engine.explain(relation as keyof R & string, values as never));
  }
  const digests = { rules: program.digest, facts: digestOfFacts(givenFacts(engine)) };
  const certificate: Certificate = { format: 'tenstrip/certificate/1', digests, ...writer.parts() };
  if (signer === undefined) return certificate;
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const value = base64(await signer.sign(signedBytes(certificate)));
  return { ...certificate, signature: { publicKey: base64(signer.publicKey), value } };
}

function requireEngine(engine: unknown): void {
  if (typeof (engine as Engine | undefined)?.findAsserted !== 'function')
    refuseInput('the engine', engine, 'give what createEngine made');
}

/** All facts that were given to an engine, as certificates write them: what a checker is told. In no order that can be relied on. */
export function* givenFacts<R extends RelationDeclarations>(engine: Engine<R>): Generator<CertificateFact> {
  requireEngine(engine);
  for (const relation of engine.relations) {
    for (const values of engine.findAsserted(relation)) yield factOf({ relation, values }, engine.declarations);
  }
}

/** Facts, rules and steps of several proofs, each once. */
class CertificateWriter {
  readonly #program: Program;
  readonly #relations: RelationDeclarations;
  readonly #maxSteps: number;
  readonly #claims = new Map<string, CertificateFact>();
  readonly #rules = new Map<string, number>();
  readonly #facts: CertificateFact[] = [];
  readonly #steps: { fact: CertificateFact; step: (index: (statement: string) => number) => CertificateStep }[] = [];
  /** Statements by text: facts from 0 up, steps from -1 down, since how many facts come first is known at the end. */
  readonly #statements = new Map<string, number>();

  constructor(program: Program, relations: RelationDeclarations, maxSteps: number) {
    this.#program = program;
    this.#relations = relations;
    this.#maxSteps = maxSteps;
  }

  claim({ fact, steps }: Proof): void {
    const claimed = factOf(fact, this.#relations);
    const claim = JSON.stringify(claimed);
    const keys = steps.map((step) => JSON.stringify(factOf(step.fact, this.#relations)));
    for (const at of neededSteps(steps, keys, claim)) this.#state(steps[at]!, keys[at]!, keys);
    this.#claims.set(claim, claimed);
  }

  parts(): Pick<Certificate, 'claims' | 'rules' | 'facts' | 'steps'> {
    const index = (statement: string) => {
      const number = this.#statements.get(statement)!;
      return number >= 0 ? number : this.#facts.length - number - 1;
    };
    return {
      claims: [...this.#claims.values()],
      rules: [...this.#rules.keys()],
      facts: this.#facts,
      steps: this.#steps.map(({ step }) => step(index)),
    };
  }

  /** Writes a step of a proof unless the same was stated before. `key`: the text of its statement, `keys`: of all its proof's. */
  #state(step: ProofStep, key: string, keys: readonly string[]): void {
    if (this.#statements.has(key)) return;
    if (this.#statements.size >= this.#maxSteps) {
      throw latticeError(
        'CapacityExceeded',
        `the certificate would have more than ${this.#maxSteps} facts and steps: raise maxSteps`,
        {
          resource: 'maxSteps',
          allowed: this.#maxSteps,
        },
      );
    }
    const fact = factOf(step.fact, this.#relations);
    if (step.by === 'asserted') {
      this.#statements.set(key, this.#facts.push(fact) - 1);
      return;
    }
    const premises = step.premises.map((premise) => keys[premise]!);
    const written = this.#steps.push({ fact, step: this.#writer(step, fact, premises) });
    this.#statements.set(key, -written);
  }

  #writer(
    step: ProofStep,
    fact: CertificateFact,
    premises: readonly string[],
  ): (index: (statement: string) => number) => CertificateStep {
    if (step.by === 'widened') {
      throw latticeError(
        'ProofNotCertifiable',
        `${JSON.stringify(fact)} was widened, so it is above what the rules derive; certify a cell that was not`,
        { relation: fact[0] },
      );
    }
    const [first, second] = premises;
    if (step.by === 'join') return (index) => ({ fact, joins: [index(first!), index(second!)] });
    const text = step.rule!;
    const rule = this.#rules.get(text) ?? this.#rules.size;
    this.#rules.set(text, rule);
    const bindings = this.#program.bindings(
      text,
      premises.map((premise) => JSON.parse(premise) as CertificateFact),
    );
    return (index) => ({ fact, rule, bindings, premises: premises.map(index) });
  }
}

/**
 * The steps that the claim needs, in order. A proof may state one fact twice, by two derivations of a cell: the first stands for
 * both, and what only the second was made of is left out.
 */
function neededSteps(steps: readonly ProofStep[], keys: readonly string[], claim: string): number[] {
  const first = new Map<string, number>();
  for (const [at, key] of keys.entries()) if (!first.has(key)) first.set(key, at);
  const needed = new Set<number>([first.get(claim)!]);
  const found: number[] = [];
  for (let at = steps.length - 1; at >= 0; at--) {
    if (!needed.has(at)) continue;
    found.push(at);
    for (const premise of steps[at]!.premises) needed.add(first.get(keys[premise]!)!);
  }
  return found.reverse();
}

/** A fact as certificates write it: values of a lattice as their texts. */
function factOf({ relation, values }: Fact, relations: RelationDeclarations): CertificateFact {
  const { columns } = relations[relation]!;
  const texts = values.map((value, i) => {
    const kind = columns[i];
    return typeof kind === 'object' ? (kind as Lattice<unknown>).encode(value) : (value as CertificateValue);
  });
  return [relation, ...texts];
}
