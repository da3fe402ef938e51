// The plugin that reads ontologies into the strip's engine.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { definePlugin } from '@tenstrip/shared-core';
import { z } from 'zod';
import { latticeError } from '../errors/index.js';
import { nextBlankNodes, type RdfSource, readOntology, useProfile } from '../ontology/index.js';
import { budgetSchema, governed, revisionSchema, type ServiceContext } from './lattice-service.js';

const placeSchema = z.object({
  triple: z.tuple([z.string(), z.string(), z.string()]),
  ordinal: z.number().int(),
  line: z.number().int().optional(),
});

export const loadOntologyPlugin = definePlugin({
  name: 'load-ontology',
  summary:
    'Reads RDF into the relation triple and derives what its profile concludes; names what the profile does not cover',
  optionalCapabilities: ['fs.read'],
  input: z
    .object({
      /** The text itself, or the path of a file. */
      text: z
        .string()
        .max(64 << 20)
        .optional(),
      path: z.string().min(1).max(4096).optional(),
      format: z.enum(['turtle', 'trig', 'n-triples', 'n-quads', 'rdf-xml']),
      profile: z.enum(['rdfs', 'rdfs-plus', 'owl-rl']),
      baseIri: z.string().max(4096).optional(),
      datatypes: z.array(z.string().max(4096)).max(64).default([]),
      budget: budgetSchema.optional(),
    })
    .refine(({ text, path }) => (text === undefined) !== (path === undefined), 'give either text or path'),
  output: z.object({
    revision: revisionSchema,
    triples: z.number().int(),
    added: z.number().int(),
    inconsistencies: z.number().int(),
    complete: z.boolean(),
    uncovered: z.array(
      z.object({ construct: z.string(), count: z.number().int(), first: placeSchema, reason: z.string() }),
    ),
  }),
  async execute({ text, path, format, profile, baseIri, datatypes, budget }, op: ServiceContext) {
    const { service } = op;
    const source: RdfSource = text ?? (await fileOf(path!, op));
    const base = baseIri === undefined ? {} : { baseIri };
    const reading = { format, profile, datatypes, context: op, blankNodes: nextBlankNodes(service.engine), ...base };
    const { insertInto, report } = await readOntology(source, reading);
    useProfile(service.engine, profile);
    const change = await service.engine.transact(insertInto as never, governed(op, budget));
    return {
      revision: change.revision,
      triples: report.triples,
      added: change.added.size,
      inconsistencies: service.engine.count('inconsistent'),
      complete: report.complete,
      uncovered: report.uncovered.map(({ first: { triple, ...first }, ...rest }) => ({
        ...rest,
        first: { ...first, triple: [...triple] as [string, string, string] },
      })),
    };
  },
});

/** A file's bytes, paid for in I/O tokens; under a sandbox policy only from folders that were granted. */
async function fileOf(path: string, op: ServiceContext): Promise<RdfSource> {
  const granted = op.sandboxed ? await op.use('fs.read').resolve(path) : path;
  const { size } = await stat(granted).catch((cause: NodeJS.ErrnoException) => {
    throw latticeError(
      'OntologyInvalid',
      `${path} cannot be read (${cause.code}); name a file that is there`,
      { path },
      { cause },
    );
  });
  await op.io({ ops: 1, bytes: size });
  return createReadStream(granted);
}
