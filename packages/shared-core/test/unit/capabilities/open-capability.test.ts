import { expect, it } from 'vitest';
import { capabilities, openCapability } from '../../../src/capabilities/index.js';

const policies = [undefined, { grants: {} }, { grants: { net: true as const } }];

it.each(['constructor', '__proto__', 'toString', 'bogus', '', undefined, null, 5, {}])(
  'is denied with the names of the six: %j',
  (given) => {
    for (const policy of policies) {
      expect(() => openCapability(given as never, policy)).toThrow(
        expect.objectContaining({
          code: 'CapabilityDenied',
          message: expect.stringContaining(`use one of ${capabilities.join(', ')}`),
        }),
      );
    }
  },
);
