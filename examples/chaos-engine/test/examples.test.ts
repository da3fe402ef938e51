// The examples run, and end as they say.
import { expect, it } from 'vitest';
import { linesOfExample } from '../../../tools/test-example.mjs';
import { requireFull } from '../../../tools/test-requirements.mjs';

const linesOf = (example: string) => linesOfExample(`chaos-engine/${example}`);

it.skipIf(process.platform !== 'linux')('a killed engine leaves a clean host', { timeout: 300_000 }, async () => {
  expect(await linesOf('kill-the-engine')).toEqual([
    'while the engine runs: stopped, stopped, stopped and 1 burner',
    'after SIGKILL: running, running, running',
    'the host is as it was before',
    expect.stringMatching(/^it took \d+ ms$/),
  ]);
});

it.skipIf(process.platform !== 'linux')('a guardrail aborts an experiment', { timeout: 300_000 }, async () => {
  expect(await linesOf('guard-a-service')).toEqual([
    'a little slower succeeded',
    'quick again succeeded',
    'much slower succeeded',
    'stopped: the guardrail "answers within two seconds" is not within its tolerance',
    'status: aborted',
    'faults: dependency.toxic, dependency.toxic',
    'toxics left on the proxy: 0',
    'a page of what happened',
  ]);
});

const full = requireFull();
const tortures = process.platform === 'linux' && full.available;
it.skipIf(!tortures)('tortured, watchtower loses nothing', { timeout: 900_000 }, async () => {
  expect(await linesOf('torture-watchtower')).toEqual([
    'undisturbed: 6 decisions',
    'its ledger verified after 3 of 3 kills',
    'it decided what the undisturbed one decided',
    expect.stringMatching(
      /^pushed, cut off by (nftables|a proxy) and killed: 150 batches acknowledged, 150 in the ledger$/,
    ),
    expect.stringMatching(/^acknowledged only when sent again, as the first answer was lost: [1-9]\d*$/),
    'cut off, nothing was acknowledged',
    'it verifies, and decided what it decides undisturbed',
  ]);
});
