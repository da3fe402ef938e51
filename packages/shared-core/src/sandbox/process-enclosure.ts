// A guest in a process of its own, confined as far as the machine allows. The channel is a socket pair at descriptor 3.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { confinementSupport, launchOf, type Support } from './confinement.js';
import { type Enclosure, type EnclosureEvents, LastWords } from './enclosure.js';
import { FrameReader, FrameRefused, frame } from './guest/frame.js';
import { type IsolatePromise, type IsolateSettings, isolatePromises } from './isolate-options.js';

/**
 * Starts a confined process for the settings' module.
 * @throws TenstripError `IsolateUnsupported` for a promise that this machine does not hold and `accept` does not waive
 */
export async function startProcess(settings: IsolateSettings, events: EnclosureEvents): Promise<Enclosure> {
  const support = await confinementSupport();
  refuseBroken(support, settings.accept);
  const { command, args, moduleUrl } = launchOf(settings.module, settings.heapBytes, support);
  // An own session (`detached`) and an empty environment.
  const child = spawn(command, args, {
    env: {},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const channel = child.stdio[3] as Duplex;
  const ended = watch(child, channel, settings.maxMessageBytes, events);
  return {
    promises: Object.fromEntries(isolatePromises.map((name) => [name, support[name] === true])) as Record<
      IsolatePromise,
      boolean
    >,
    moduleUrl,
    // A guest that is gone is told by its end, not by a failed write.
    send: (payload) => new Promise((written) => channel.write(frame(payload), () => written())),
    kill: async () => {
      // Once it has ended, its number may be another's: then nothing is killed that we did not start.
      if (child.exitCode === null && child.signalCode === null) killGroup(child);
      await ended;
    },
  };
}

function refuseBroken(support: Support, accept: readonly IsolatePromise[]): void {
  const broken = isolatePromises.filter((name) => support[name] !== true && !accept.includes(name));
  if (broken.length === 0) return;
  const reasons = broken.map((name) => `${name} (${support[name]})`).join(', ');
  throw new TenstripError<CoreErrorCode>(
    'IsolateUnsupported',
    `this machine does not let a process isolate promise ${reasons}; run where it can, or waive it with accept: ${JSON.stringify(broken)}`,
    { details: { promises: broken, reasons: Object.fromEntries(broken.map((name) => [name, support[name]])) } },
  );
}

/** Passes on what comes from the child; resolves when it has ended and all its output was read. */
function watch(child: ChildProcess, channel: Duplex, maxMessageBytes: number, events: EnclosureEvents): Promise<void> {
  const frames = new FrameReader(maxMessageBytes);
  const lastWords = new LastWords();
  channel.on('data', (chunk: Buffer) => {
    try {
      for (const payload of frames.push(chunk)) events.message(payload);
    } catch (error) {
      if (!(error instanceof FrameRefused)) throw error;
      channel.pause();
      events.messageRefused(error.declaredBytes);
    }
  });
  // A broken channel is told by the end of the process.
  channel.on('error', () => undefined);
  child.stderr?.on('data', (chunk: Buffer) => lastWords.add(chunk));
  for (const name of ['stdout', 'stderr'] as const) {
    (child[name] as Readable).on('data', (chunk: Buffer) => events.console(name, chunk));
  }
  return new Promise((fulfil) => {
    const end = (how: string) => {
      channel.destroy();
      events.ended({ how, lastWords: lastWords.toString() });
      fulfil();
    };
    let failedToStart: Error | undefined;
    child.on('error', (error) => {
      failedToStart = error;
      if (child.pid === undefined) end(`could not be started: ${error.message}`);
    });
    child.on('exit', () => {
      // Whatever shares its group goes with it; unread messages of a dead guest have no reader.
      killGroup(child);
      channel.destroy();
    });
    child.on('close', (code, signal) => {
      if (failedToStart === undefined || child.pid !== undefined)
        end(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
