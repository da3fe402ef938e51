// What is taken out of Node before a guest's module is loaded, so that an attempt fails with its own name. The borders are
// below (permission model, kernel); this one is for clear messages, and for V8 flags, which nothing below refuses.
import { syncBuiltinESMExports } from 'node:module';
import v8 from 'node:v8';

const refusedOfProcess = [
  'abort',
  'binding',
  'chdir',
  'dlopen',
  'exit',
  'kill',
  'reallyExit',
  'setegid',
  'seteuid',
  'setgid',
  'setgroups',
  'setuid',
  'initgroups',
  '_debugEnd',
  '_debugProcess',
  '_kill',
  '_linkedBinding',
  '_startProfilerIdleNotifier',
] as const;
const refusedOfV8 = [
  'setFlagsFromString',
  'setHeapSnapshotNearHeapLimit',
  'writeHeapSnapshot',
  'takeCoverage',
] as const;

/** Refuses signals, exits, bindings and V8 flags in this process or thread. */
export function refuseEscapes(): void {
  for (const name of refusedOfProcess) refuse(process, name, `process.${name}`, 'CapabilityDenied');
  for (const name of refusedOfV8) refuse(v8, name, `v8.${name}`, 'CapabilityDenied');
  syncBuiltinESMExports();
}

/** Replaces the function `owner[name]`, where there is one, by a refusal that names `attempted`. */
export function refuse(
  owner: object,
  name: string,
  attempted: string,
  code: RefusalCode,
  onAttempt?: (error: Error) => void,
): void {
  if (!(name in owner) || refusals.has((owner as Record<string, unknown>)[name])) return;
  const refusal = () => {
    const error = new Refusal(attempted, code);
    onAttempt?.(error);
    throw error;
  };
  refusals.add(refusal);
  // Assignments are ignored, since Node itself assigns some of these when it loads modules later.
  Object.defineProperty(owner, name, {
    get: () => refusal,
    set: () => undefined,
    configurable: false,
    enumerable: true,
  });
}

/** What was put in place already: the first refusal stays. */
const refusals = new Set<unknown>();

export type RefusalCode = 'CapabilityDenied' | 'Nondeterminism';

/** Thrown in the guest by what it must not use. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly attempted: string;

  constructor(attempted: string, code: RefusalCode) {
    super(`${attempted} is not available in ${code === 'Nondeterminism' ? 'a deterministic' : 'an'} isolate`);
    this.name = 'Refusal';
    this.code = code;
    this.attempted = attempted;
  }
}
