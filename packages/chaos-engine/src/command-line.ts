#!/usr/bin/env node
// The engine from a terminal: experiments, what became of them, and the host made clean.

import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { isTenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import {
  type DryLevel,
  type ExperimentJournal,
  parseExperiment,
  renderExperimentTimeline,
  runExperiment,
} from './experiment/index.js';
import {
  compareSnapshots,
  type HostSnapshot,
  HostSurface,
  hostSnapshot,
  probeHost,
  type TargetPolicyInput,
} from './host/index.js';
import { LeaseKeeper } from './lease/index.js';

const usage = `chaos-engine COMMAND

  run FILE           run an experiment (JSON or YAML)
    --folder DIR       journal of leases; with it, faults are for this host
    --policy FILE      what may be harmed (JSON); default: nothing
    --journal FILE     write the journal there; default: standard output
    --timeline FILE    write the journal as a page
    --dry LEVEL        leave out: probes, actions, activities, pause
  validate FILE      check an experiment
  timeline JOURNAL   print the page of a journal
  revert-all --folder DIR
                     undo what an engine that is gone left behind
  host-snapshot [--namespace NAME]... [--process PID]... [--folder DIR] [--compare FILE]
                     print the state of what faults touch; or where it differs from an earlier one
  probe-host         print which faults this host can have
  --help             print this

Ends with 0; with 1 when an experiment deviated or was stopped, an undo failed, or snapshots differ; with 2 for a mistake.
`;

/** How the program ends. */
type ExitCode = 0 | 1 | 2;

const commands: Readonly<Record<string, (words: readonly string[]) => Promise<ExitCode>>> = {
  run: runCommand,
  validate: async (words) => {
    const { positionals } = parseArgs({ args: [...words], allowPositionals: true });
    const experiment = parseExperiment(await readFile(only(positionals), 'utf8'));
    print({ title: experiment.title, activities: experiment.method.length });
    return 0;
  },
  timeline: async (words) => {
    const { positionals } = parseArgs({ args: [...words], allowPositionals: true });
    const journal = (await jsonIn(only(positionals))) as ExperimentJournal;
    process.stdout.write(renderExperimentTimeline(journal));
    return 0;
  },
  'revert-all': async (words) => {
    const { values } = parseArgs({ args: [...words], options: { folder: { type: 'string' } } });
    if (values.folder === undefined) throw new Mistake('revert-all needs --folder');
    // A folder that is not there is a wrong one: to say that nothing is left would be dangerous.
    if (!existsSync(values.folder)) throw new Mistake(`there is no folder ${JSON.stringify(values.folder)}`);
    await using keeper = await LeaseKeeper.open({ folder: values.folder });
    const { found, failed, damaged } = keeper.recovered;
    print({ undone: found.length - failed.length, failed, ...(damaged === undefined ? {} : { damaged }) });
    return failed.length > 0 || damaged !== undefined ? 1 : 0;
  },
  'host-snapshot': async (words) => {
    const { values } = parseArgs({
      args: [...words],
      options: {
        namespace: { type: 'string', multiple: true },
        process: { type: 'string', multiple: true },
        folder: { type: 'string' },
        compare: { type: 'string' },
      },
    });
    const processes = (values.process ?? []).map((pid) => {
      if (!/^[1-9]\d{0,9}$/.test(pid)) throw new Mistake(`--process takes the number of a process, not ${pid}`);
      return Number(pid);
    });
    const { namespace: namespaces = [], folder } = values;
    const snapshot = await hostSnapshot({ namespaces, processes, ...(folder === undefined ? {} : { folder }) });
    if (values.compare === undefined) {
      print(snapshot);
      return 0;
    }
    const before = snapshotSchema.safeParse(await jsonIn(values.compare));
    if (!before.success) throw new Mistake(`${values.compare} is no snapshot; make one with host-snapshot`);
    const differences = compareSnapshots(before.data as unknown as HostSnapshot, snapshot);
    print({ differences });
    return differences.length === 0 ? 0 : 1;
  },
  'probe-host': async (words) => {
    parseArgs({ args: [...words] });
    print(await probeHost());
    return 0;
  },
};

async function runCommand(words: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      folder: { type: 'string' },
      policy: { type: 'string' },
      journal: { type: 'string' },
      timeline: { type: 'string' },
      dry: { type: 'string' },
    },
  });
  if (values.dry !== undefined && !['probes', 'actions', 'activities', 'pause'].includes(values.dry)) {
    throw new Mistake(`--dry takes probes, actions, activities or pause, not ${values.dry}`);
  }
  if (values.policy !== undefined && values.folder === undefined) {
    throw new Mistake('--policy says what may be harmed on this host, which needs --folder for the journal of leases');
  }
  const source = await readFile(only(positionals), 'utf8');
  const policy = values.policy === undefined ? {} : await jsonIn(values.policy);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const isReal = values.folder !== undefined && values.dry !== 'activities' && values.dry !== 'actions';
  // What cannot be written is found out before anything is done. A dry run writes when it is over.
  if (values.dry === undefined) for (const file of [values.journal, values.timeline]) await assertWritable(file);
  const surface = isReal
    ? await HostSurface.open({ folder: values.folder ?? '', policy: policy as TargetPolicyInput })
    : undefined;
  try {
    const journal = await runExperiment(source, {
      signal: stop.signal,
      ...(surface === undefined ? {} : { surface }),
      ...(values.dry === undefined ? {} : { dry: values.dry as DryLevel }),
      onProgress: ({ phase, activity, status, stopped }) => {
        const what = stopped ?? (activity === undefined ? '' : `${activity} ${status ?? 'begins'}`);
        process.stderr.write(`${phase}${what === '' ? '' : `: ${what}`}\n`);
      },
    });
    if (values.journal === undefined) print(journal);
    else await writeFile(values.journal, `${JSON.stringify(journal, undefined, 2)}\n`);
    if (values.timeline !== undefined) await writeFile(values.timeline, renderExperimentTimeline(journal));
    return journal.status === 'completed' && !journal.deviated ? 0 : 1;
  } finally {
    for (const { id, fault } of (await surface?.close()) ?? []) {
      process.stderr.write(`${fault.kind} (${id}) is not undone yet; the reaper goes on trying\n`);
    }
  }
}

/** What the caller did wrong. */
class Mistake extends Error {}

function only(positionals: readonly string[]): string {
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Mistake('give one file');
  return file;
}

async function jsonIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Mistake(`${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

async function assertWritable(file: string | undefined): Promise<void> {
  if (file !== undefined) await (await open(file, 'a')).close();
}

const snapshotSchema = z.looseObject({
  namespaces: z.looseObject({}),
  processes: z.looseObject({}),
  proxies: z.looseObject({}),
  burners: z.number(),
});

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

async function main(): Promise<ExitCode> {
  const [name = '', ...words] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const isHelp = ['', '--help', '-h', 'help'].includes(name) || words.includes('--help');
  if (isHelp || command === undefined) {
    if (isHelp) process.stdout.write(usage);
    else process.stderr.write(`there is no command ${JSON.stringify(name)}\n\n${usage}`);
    return isHelp ? 0 : 2;
  }
  try {
    return await command(words);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const issues = isTenstripError(error) && Array.isArray(error.details.issues) ? error.details.issues : [];
    process.stderr.write(`${[text, ...issues.slice(1)].join('\n')}\n`);
    return 2;
  }
}

process.exitCode = await main();
