import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MountedStrip, PluginRegistry, ResourceGovernor, type SandboxPolicy } from '@tenstrip/shared-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chaosStrip } from '../../src/index.js';

let folder: string;
let closing: (() => Promise<void>)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-strip-'));
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  rmSync(folder, { recursive: true });
});

async function mounted(sandbox?: SandboxPolicy): Promise<MountedStrip<typeof chaosStrip.plugins>> {
  const governor = new ResourceGovernor(sandbox === undefined ? {} : { sandbox });
  const registry = new PluginRegistry({ governor });
  closing.push(
    () => governor.close(),
    () => registry[Symbol.asyncDispose](),
  );
  const modules = { system: { answer: () => 42 } };
  return registry.mount(chaosStrip, { folder: join(folder, 'leases'), policy: { host: { bytes: 1 << 20 } }, modules });
}

const experiment = (provider: object) => ({
  title: 't',
  description: 'd',
  method: [{ type: 'action', name: 'call', provider }],
});
const fill = {
  target: { host: 'local' as const },
  fault: { kind: 'memory.fill' as const, bytes: 1024 },
  ttlMs: 60_000,
};

describe('the strip', () => {
  it('runs an experiment and gives its journal and its page', async () => {
    const { call } = await mounted();
    const answer = await call.runExperiment({
      experiment: experiment({ type: 'javascript', module: 'system', func: 'answer' }),
      timeline: true,
    });
    expect(answer.journal).toMatchObject({ status: 'completed', run: [{ output: 42 }] });
    expect(answer.timeline).toContain('<!doctype html>');
  });

  it('injects nothing without the capability that a fault is made of', async () => {
    const { call } = await mounted({ grants: {} });
    await expect(call.injectFault(fill)).rejects.toMatchObject({ code: 'CapabilityDenied' });
    await expect(call.probeHost({})).rejects.toMatchObject({ code: 'CapabilityDenied' });
    const onHost = { experiment: experiment({ type: 'process', path: 'true' }), onHost: true };
    await expect(call.runExperiment(onHost)).rejects.toMatchObject({ code: 'CapabilityDenied' });
  });

  it('lets an experiment reach nothing that was not granted', async () => {
    const { call } = await mounted({ grants: { process: ['/bin/true'] } });
    for (const [provider, status] of [
      [{ type: 'process', path: '/bin/true' }, 'succeeded'],
      [{ type: 'process', path: '/bin/false' }, 'failed'],
      [{ type: 'http', url: 'http://127.0.0.1:9/' }, 'failed'],
      [{ type: 'python', module: 'os', func: 'getcwd' }, 'failed'],
    ] as const) {
      const { journal } = await call.runExperiment({ experiment: experiment(provider) });
      expect(journal.run).toMatchObject([{ status }]);
    }
  });
});
