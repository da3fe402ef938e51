import { describe, expect, it } from 'vitest';
import { renderExperimentTimeline, runExperiment } from '../../../src/index.js';

const hostile = `</title><script>alert('1')</script>"`;

describe('the page of a journal', () => {
  it('has every activity, stands alone, and takes no text for markup', async () => {
    const journal = await runExperiment(
      {
        title: hostile,
        description: hostile,
        'steady-state-hypothesis': {
          title: 'x',
          probes: [{ type: 'probe', name: 'ask & tell', tolerance: 0, provider: { type: 'process', path: 'true' } }],
        },
        method: [
          { type: 'action', name: hostile, provider: { type: 'javascript', module: 'm', func: 'f' } },
          { type: 'action', name: 'absent', provider: { type: 'javascript', module: 'm', func: 'g' } },
        ],
      },
      { allow: { modules: { m: { f: () => ({ said: hostile }) } } } },
    );
    const page = renderExperimentTimeline(journal);
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import/);
    expect(page.match(/<tr>/g)).toHaveLength(4);
    expect(page.match(/class="bad"/g)).toHaveLength(1);
    expect(page).toContain('ask &amp; tell');
  });
});
