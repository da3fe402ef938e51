// Plugins that say why: proofs, signed certificates, and their check. The key that signs comes with the mount and is no input.

import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { type CertificateFact, certify, checkCertificate, givenFacts } from '../certificates/index.js';
import { type FactJson, factSchema, nameSchema, rowSchema, type ServiceContext } from './lattice-service.js';

export const explainFactPlugin = definePlugin({
  name: 'explain-fact',
  summary: 'One proof of a fact: steps, each after its premises, down to what was asserted',
  input: z.object({
    relation: nameSchema,
    values: rowSchema,
    maxSteps: z.number().int().min(1).max(100_000).default(10_000),
  }),
  output: z.object({
    fact: factSchema,
    steps: z.array(
      z.object({
        fact: factSchema,
        by: z.enum(['asserted', 'rule', 'join', 'widened']),
        rule: z.string().optional(),
        premises: z.array(z.number().int()),
      }),
    ),
    /** Steps that were left out at the beginning; premises count them. */
    omitted: z.number().int(),
  }),
  execute({ relation, values, maxSteps }, { service }: ServiceContext) {
    const { fact, steps } = service.engine.explain(relation, service.values(relation, values));
    const omitted = Math.max(0, steps.length - maxSteps);
    return {
      fact: service.json(fact),
      omitted,
      steps: steps.slice(omitted).map(({ fact: stated, by, rule, premises }) => ({
        fact: service.json(stated),
        by,
        premises: [...premises],
        ...(rule === undefined ? {} : { rule }),
      })),
    };
  },
});

const certificateFact = z
  .array(z.union([z.string(), z.number()]))
  .min(1)
  .max(33);

export const certifyFactPlugin = definePlugin({
  name: 'certify-fact',
  summary: 'A certificate that facts hold, signed with the key of the mount if it has one',
  input: z.object({
    claims: z.array(factSchema).min(1).max(10_000),
    maxSteps: z.number().int().min(1).max(1_000_000).default(100_000),
  }),
  output: z.object({ certificate: z.record(z.string(), z.json()) }),
  async execute({ claims, maxSteps }, op: ServiceContext) {
    const { service } = op;
    await op.checkpoint();
    const facts = claims.map(({ relation, values }) => ({ relation, values: service.values(relation, values) }));
    const signer = service.signer === undefined ? {} : { signer: service.signer };
    const certificate = await certify(service.engine, facts, { maxSteps, ...signer });
    return { certificate: certificate as unknown as Record<string, z.core.util.JSONType> };
  },
});

export const checkCertificatePlugin = definePlugin({
  name: 'check-certificate',
  summary: 'Checks a certificate by code that shares nothing with the engine; names the part that fails',
  input: z.object({
    certificate: z.json(),
    /** The rules to check against, and the facts that were given. Default: those of the engine now. */
    rules: z.string().max(1_048_576).optional(),
    facts: z.array(factSchema).max(1_000_000).optional(),
    /** The key that must have signed, in base64. */
    publicKey: z.string().max(64).optional(),
  }),
  output: z.object({
    valid: z.boolean(),
    at: z.string().optional(),
    reason: z.string().optional(),
    claims: z.array(certificateFact).optional(),
    signedBy: z.string().optional(),
  }),
  async execute({ certificate, rules, facts, publicKey }, op: ServiceContext) {
    const { engine, functions } = op.service;
    await op.checkpoint();
    const verdict = checkCertificate(certificate, {
      rules: rules ?? engine.rules.join('\n'),
      relations: engine.declarations,
      functions,
      facts: facts === undefined ? givenFacts(engine) : facts.map(certificateFactOf),
      ...(publicKey === undefined ? {} : { publicKey: Buffer.from(publicKey, 'base64') }),
    });
    if (!verdict.valid) return { valid: false, at: verdict.at, reason: verdict.reason };
    const signed = verdict.signedBy === undefined ? {} : { signedBy: verdict.signedBy };
    return { valid: true, claims: verdict.claims.map((claim) => [...claim]), ...signed };
  },
});

function certificateFactOf({ relation, values }: FactJson): CertificateFact {
  return [relation, ...values];
}
