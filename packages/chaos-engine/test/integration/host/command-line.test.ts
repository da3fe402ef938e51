import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hostSnapshot } from '@tenstrip/chaos-engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireTool } from '../../../../../tools/test-requirements.mjs';

const program = fileURLToPath(new URL('../../../dist/command-line.js', import.meta.url));
let folder: string;
let victim: ReturnType<typeof spawn>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-command-'));
  victim = spawn('sleep', ['1000'], { stdio: 'ignore' });
  writeFileSync(join(folder, 'policy.json'), JSON.stringify({ processes: { pids: [victim.pid] } }));
  writeFileSync(
    join(folder, 'experiment.json'),
    JSON.stringify({
      title: 'A paused process',
      description: 'It stands still for a while.',
      method: [
        {
          type: 'action',
          name: 'pause',
          provider: { type: 'tenstrip', fault: { kind: 'process.pause' }, target: { pid: victim.pid }, ttl: 600 },
          pauses: { after: 600 },
        },
      ],
    }),
  );
});
afterEach(() => {
  victim.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const call = (...words: string[]) => spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
const stateOf = async (): Promise<string | undefined> => {
  const pid = victim.pid ?? 0;
  return (await hostSnapshot({ processes: [pid] })).processes[pid]?.state;
};
const runWords = [
  'run',
  'experiment.json',
  '--folder',
  'leases',
  '--policy',
  'policy.json',
  '--journal',
  'journal.json',
];

/** Starts the experiment; resolves when its process stands still. */
async function started() {
  const words = runWords.map((word) => (/^(?:run|--)/.test(word) ? word : at(word)));
  const engine = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve) => {
    createInterface({ input: engine.stderr }).on('line', (line) => {
      if (line === 'method: pause succeeded') resolve();
    });
  });
  expect(await stateOf()).toBe('stopped');
  return engine;
}

describe('an experiment from a terminal', () => {
  it('that is asked to end undoes its faults and writes its journal', async () => {
    const engine = await started();
    const code = new Promise((resolve) => engine.once('close', resolve));
    engine.kill('SIGTERM');
    expect(await code).toBe(1);
    expect(await stateOf()).toBe('running');
    expect(JSON.parse(readFileSync(at('journal.json'), 'utf8'))).toMatchObject({ status: 'interrupted' });
    expect(call('timeline', at('journal.json')).stdout).toContain('process.pause on pid:');
  });

  it('that is killed with its reaper is undone by revert-all', async () => {
    const engine = await started();
    const { reaper } = JSON.parse(readFileSync(at('leases/leases.jsonl'), 'utf8').split('\n')[0]?.slice(65) ?? '');
    process.kill(reaper.pid, 'SIGKILL');
    engine.kill('SIGKILL');
    await new Promise((resolve) => engine.once('close', resolve));
    expect(await stateOf()).toBe('stopped');
    const reverted = call('revert-all', '--folder', at('leases'));
    expect([reverted.status, JSON.parse(reverted.stdout)]).toEqual([0, { undone: 1, failed: [] }]);
    expect(await stateOf()).toBe('running');
  });

  const strace = requireTool('strace');
  it.skipIf(!strace.available)('in a dry run signals nobody and writes nothing', async () => {
    const words = [
      'run',
      at('experiment.json'),
      '--folder',
      at('leases'),
      '--policy',
      at('policy.json'),
      '--dry',
      'activities',
    ];
    const traced = spawnSync(
      'strace',
      [
        '-f',
        '-qq',
        '-o',
        at('trace'),
        '-e',
        'trace=kill,tgkill,unlink,rename,mkdir,openat',
        process.execPath,
        program,
        ...words,
      ],
      { encoding: 'utf8' },
    );
    expect(traced.status).toBe(0);
    const lines = readFileSync(at('trace'), 'utf8').split('\n');
    expect(lines.filter((line) => /openat\(/.test(line)).length).toBeGreaterThan(0);
    const writes = lines.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|\b(?:kill|tgkill|unlink|rename|mkdir)\(/.test(line));
    expect(writes.filter((line) => !/\/dev\/|O_RDONLY|\/proc\/self|eventfd/.test(line))).toEqual([]);
  });

  it('says what is wrong with a file, and how it is used', () => {
    writeFileSync(at('broken.json'), '{"title":"x","description":"y"}');
    const broken = call('validate', at('broken.json'));
    expect([broken.status, broken.stderr]).toEqual([2, 'method must be a list, which may be empty\n']);
    expect(call('validate', at('experiment.json')).status).toBe(0);
    expect(call('no-such-command').status).toBe(2);
    expect(call('run', at('experiment.json'), '--dry', 'all').status).toBe(2);
    expect(JSON.parse(call('probe-host').stdout).faults['process.pause']).toEqual({ supported: true });
  });

  it('takes no word for another, and finds out what it cannot do before it does harm', async () => {
    for (const help of [['--help'], ['-h'], ['help'], ['run', '--help']]) {
      const told = call(...help);
      expect([told.status, told.stdout.split('\n')[0]]).toEqual([0, 'chaos-engine COMMAND']);
    }
    expect(call('revert').stderr).toContain('there is no command "revert"');
    writeFileSync(at('half.json'), '{');
    writeFileSync(at('empty.json'), '{}');
    for (const [words, problem] of [
      [['revert-all', '--folder', at('lease')], 'there is no folder'],
      [['host-snapshot', '--process', 'abc'], '--process takes the number of a process, not abc'],
      [['host-snapshot', '--namespace', '../../etc'], '../../etc is no name of ip-netns(8)'],
      [['host-snapshot', '--compare', at('half.json')], 'half.json is not JSON'],
      [['host-snapshot', '--compare', at('empty.json')], 'empty.json is no snapshot'],
      [['timeline', at('half.json')], 'half.json is not JSON'],
      [['timeline', at('empty.json')], 'this is no journal of an experiment'],
      [['probe-host', 'twice'], "Unexpected argument 'twice'"],
      [['run', at('experiment.json'), '--policy', at('policy.json')], 'which needs --folder'],
    ] as const) {
      const refused = call(...words);
      expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining(problem)]);
    }
    const nowhere = at('no-such-folder/journal.json');
    const words = ['run', at('experiment.json'), '--folder', at('leases'), '--policy', at('policy.json')];
    expect(call(...words, '--journal', nowhere).status).toBe(2);
    expect(await stateOf()).toBe('running');
  });

  it('compares snapshots', () => {
    const pid = String(victim.pid);
    writeFileSync(at('before.json'), call('host-snapshot', '--process', pid).stdout);
    const same = call('host-snapshot', '--process', pid, '--compare', at('before.json'));
    expect([same.status, JSON.parse(same.stdout)]).toEqual([0, { differences: [] }]);
    victim.kill('SIGSTOP');
    const other = call('host-snapshot', '--process', pid, '--compare', at('before.json'));
    expect([other.status, JSON.parse(other.stdout).differences]).toEqual([
      1,
      [`processes.${pid}.state: "running" became "stopped"`],
    ]);
  });
});
