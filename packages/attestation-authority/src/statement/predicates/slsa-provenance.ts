// How an artefact was built. Source: SLSA provenance v1 (https://slsa.dev/spec/v1.0/provenance); unknown members are kept.
import { z } from 'zod';
import { instant, listOf, membersOf, optional, recordOf, text, withShape } from '../shape.js';

/** The predicate type of SLSA provenance. */
export const slsaProvenanceType = 'https://slsa.dev/provenance/v1';

const resourceDescriptor = z.looseObject({
  name: z.string().optional(),
  uri: z.string().optional(),
  digest: z.record(z.string(), z.string()).optional(),
  mediaType: z.string().optional(),
});

const isText = text();
const isDescriptors = optional(
  listOf(
    membersOf({
      name: optional(isText),
      uri: optional(isText),
      digest: optional(recordOf(isText)),
      mediaType: optional(isText),
    }),
  ),
);
const isRecord = recordOf(() => true);

/** SLSA provenance v1. */
export const slsaProvenanceSchema: z.ZodType = withShape(
  z.looseObject({
    buildDefinition: z.looseObject({
      buildType: z.string().min(1),
      externalParameters: z.record(z.string(), z.unknown()),
      internalParameters: z.record(z.string(), z.unknown()).optional(),
      resolvedDependencies: z.array(resourceDescriptor).optional(),
    }),
    runDetails: z.looseObject({
      builder: z.looseObject({
        id: z.string().min(1),
        version: z.record(z.string(), z.string()).optional(),
        builderDependencies: z.array(resourceDescriptor).optional(),
      }),
      metadata: z
        .looseObject({
          invocationId: z.string().optional(),
          startedOn: z.iso.datetime().optional(),
          finishedOn: z.iso.datetime().optional(),
        })
        .optional(),
      byproducts: z.array(resourceDescriptor).optional(),
    }),
  }),
  membersOf({
    buildDefinition: membersOf({
      buildType: text(1),
      externalParameters: isRecord,
      internalParameters: optional(isRecord),
      resolvedDependencies: isDescriptors,
    }),
    runDetails: membersOf({
      builder: membersOf({
        id: text(1),
        version: optional(recordOf(isText)),
        builderDependencies: isDescriptors,
      }),
      metadata: optional(
        membersOf({
          invocationId: optional(isText),
          startedOn: optional(instant),
          finishedOn: optional(instant),
        }),
      ),
      byproducts: isDescriptors,
    }),
  }),
);
