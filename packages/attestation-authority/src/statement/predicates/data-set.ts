// Data sets: what a body of data is and where it came from. Member names follow DCAT 3 (https://www.w3.org/TR/vocab-dcat-3).
import { z } from 'zod';
import { instant, listOf, membersOf, natural, optional, recordOf, text, withShape } from '../shape.js';

/** The predicate type of a data set. */
export const dataSetType = 'https://tenstrip.dev/predicates/data-set/v1';

/** A data set; `byteSize` in bytes, `records` counts rows or documents. */
export const dataSetSchema: z.ZodType = withShape(
  z.looseObject({
    title: z.string().min(1).max(1024),
    mediaType: z.string().max(256).optional(),
    byteSize: z.int().min(0).optional(),
    records: z.int().min(0).optional(),
    license: z.string().max(256).optional(),
    issued: z.iso.datetime().optional(),
    source: z.array(z.looseObject({ uri: z.string(), digest: z.record(z.string(), z.string()).optional() })).optional(),
  }),
  membersOf({
    title: text(1, 1024),
    mediaType: optional(text(0, 256)),
    byteSize: optional(natural),
    records: optional(natural),
    license: optional(text(0, 256)),
    issued: optional(instant),
    source: optional(listOf(membersOf({ uri: text(), digest: optional(recordOf(text())) }))),
  }),
);
