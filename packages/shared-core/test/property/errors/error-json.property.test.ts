import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorJson, TenstripError } from '../../../src/errors/index.js';

/** Error JSON as `toJSON` may write it: at most eight errors in a chain. */
const details = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 });
const link = fc.record({ code: fc.string(), message: fc.string(), details, retryable: fc.boolean() });
const errorJson = fc
  .array(link, { minLength: 1, maxLength: 8 })
  .map(
    (chain) =>
      chain.reduceRight<ErrorJson | undefined>((cause, error) => (cause ? { ...error, cause } : error), undefined)!,
  )
  .map((json) => JSON.parse(JSON.stringify(json)) as ErrorJson);

describe('error JSON', () => {
  it('gives back the error that it describes: JSON, error, JSON is the identity', () => {
    fc.assert(
      fc.property(errorJson, (json) => {
        expect(TenstripError.fromJSON(json).toJSON()).toEqual(json);
      }),
    );
  });

  it('of any error is what its text says', () => {
    const anything = fc.dictionary(
      fc.string(),
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }),
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        anything,
        fc.anything(),
        fc.boolean(),
        (code, message, found, cause, retryable) => {
          const json = new TenstripError(code, message, { details: found, cause, retryable }).toJSON();
          expect(JSON.parse(JSON.stringify(json))).toEqual(json);
        },
      ),
    );
  });
});
