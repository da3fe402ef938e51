import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as shared from '../../../src/index.js';

it('are listed one by one, so that nothing becomes public by the way', () => {
  const source = readFileSync(new URL('../../../src/index.ts', import.meta.url), 'utf8');
  expect(source).not.toMatch(/export \*/);
});

it.each([
  'IdleAdvance',
  'addAbortListener',
  'openCapability',
  'capabilityDenied',
  'nearestWord',
  'foldNodes',
  'newTiles',
])('leave out what only the modules need of each other: %s', (name) => expect(shared).not.toHaveProperty(name));
