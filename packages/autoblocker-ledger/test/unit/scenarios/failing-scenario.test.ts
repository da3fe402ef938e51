// A scenario of the caller's that fails on an event: one error that names it, and what was taken before stays.

import { expect, it } from 'vitest';
import { AutoblockerLedger, builtInScenarios, type SecurityEvent } from '../../../src/index.js';

const scenario = {
  ...builtInScenarios[0]!,
  name: 'test/failing',
  domains: 'all' as const,
  filter: ({ outcome }: SecurityEvent) => {
    if (outcome === 'success') throw new RangeError('no successes, please');
    return true;
  },
};
const event = (outcome: SecurityEvent['outcome']): SecurityEvent => ({
  time: Date.UTC(2026, 10, 23),
  domain: 'ssh',
  kind: 'ssh-auth',
  actor: [{ kind: 'ip', value: '203.0.113.5' }],
  outcome,
  fields: {},
  evidence: { source: 'test', offset: 0, digest: '0'.repeat(64) },
});

it.each([
  ['a filter that throws', scenario, 'no successes, please'],
  ['a group that is no text', { ...scenario, filter: () => true, groupBy: () => 5 as never }, ''],
])('%s', async (_, failing, cause) => {
  await using ledger = await AutoblockerLedger.open({ folder: 'memory:', time: 'events', scenarios: [failing] });
  await expect(ledger.ingest(event('success'))).rejects.toMatchObject({
    code: 'ScenarioInvalid',
    message: expect.stringContaining(cause),
    details: { scenario: 'test/failing' },
  });
  await ledger.addBlock({ target: '203.0.113.6', reason: 'test' });
  expect(ledger.isBlocked('203.0.113.6')).toBeDefined();
});
