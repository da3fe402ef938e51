// Sees below the patch. Precisely: Node tells an init hook of each resource it makes (node:async_hooks), with the code that asked for it
// still on the stack. Where such a hook makes promises slow, and for the rest of the process (Node before `trackPromises`), a world that is
// driven in place does with less: nothing of the machine can come back before it is over, so it is enough to see timers in the making and
// to count, at the end, what is under way; a world that left something is run again with the hook.

import { createHook } from 'node:async_hooks';
import { activeWorld } from './running-world.js';

/** Resources that wait for the machine. A zlib handle is not among them: synchronous calls make one too. */
const machineResources =
  /^(Timeout|Immediate|TIMERWRAP|FS\w*|FILEHANDLE\w*|STATWATCHER|TCP\w*|PIPE\w*|UDP\w*|GET\w*INFOREQWRAP|QUERYWRAP|DNSCHANNEL|PROCESSWRAP|SIGNALWRAP|WORKER|MESSAGEPORT|PBKDF2REQUEST|SCRYPTREQUEST|ARGON2REQUEST|RANDOM\w*REQUEST|CHECKPRIMEREQUEST|KEY\w*REQUEST|SIGNREQUEST|VERIFYREQUEST|HASHREQUEST|CIPHERREQUEST|DERIVEBITSREQUEST|MACREQUEST)$/;

/** Never awaited by what runs in a world: Node's own, after an uncaught error too, and what a console does to show its lines. */
const harmless =
  /\b(setupConnectionsTracking|structuredClone|bufferResourceTiming)\b|node:internal\/(process\/execution|console\/)/;

/** A watch over one world. */
export interface ResourceWatch extends Disposable {
  /** Whether it told of everything when it happened. */
  readonly precise: boolean;
  /** What is under way now that was not when the watch began, by Node's names. */
  leftBehind(): string[];
}

/** Whether the precise watch costs nothing here. */
export const preciseIsFree = knowsTrackPromises();

/** Watches until it is disposed. */
export function watchResources(precise: boolean): ResourceWatch {
  const before = process.getActiveResourcesInfo();
  const watch = precise ? watchByHook() : watchTimers();
  return {
    precise,
    leftBehind() {
      const rest = [...before];
      return process.getActiveResourcesInfo().filter((type) => {
        const known = rest.indexOf(type);
        if (known >= 0) rest.splice(known, 1);
        return known < 0 && type !== 'Immediate' && !/^(TTY|Pipe|Write)/.test(type);
      });
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

function watchByHook(): Disposable {
  const hook = createHook({
    init(_id, type) {
      if (machineResources.test(type)) tell(type);
    },
    trackPromises: false,
  } as Parameters<typeof createHook>[0]);
  hook.enable();
  return { [Symbol.dispose]: () => void hook.disable() };
}

/** Node's timers assign these members first thing; what inherits a setter for them tells of its making. */
function watchTimers(): Disposable {
  const timeout = setTimeoutOfNode(() => {}, 0);
  const immediate = setImmediateOfNode(() => {});
  clearTimeoutOfNode(timeout);
  clearImmediateOfNode(immediate);
  const watched: [object, string, string][] = [
    [Object.getPrototypeOf(timeout) as object, '_idleTimeout', 'Timeout'],
    [Object.getPrototypeOf(immediate) as object, '_onImmediate', 'Immediate'],
  ];
  for (const [prototype, key, type] of watched) {
    Object.defineProperty(prototype, key, {
      configurable: true,
      get: () => undefined,
      set(value: unknown) {
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
        tell(type);
      },
    });
  }
  return {
    [Symbol.dispose]() {
      for (const [prototype, key] of watched) Reflect.deleteProperty(prototype, key);
    },
  };
}

// The functions of the machine: a watch may begin while a patch is in place.
const [setTimeoutOfNode, setImmediateOfNode, clearTimeoutOfNode, clearImmediateOfNode] = [
  setTimeout,
  setImmediate,
  clearTimeout,
  clearImmediate,
];

function tell(type: string): void {
  const world = activeWorld();
  if (world === undefined) return;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 30;
  const { stack = '' } = new Error(type);
  Error.stackTraceLimit = stackTraceLimit;
  if (!harmless.test(stack)) world.nondeterminism(resourceName(type), stack);
}

/** A resource as people know it. */
export function resourceName(type: string): string {
  return `${type} (${resourceNames[type] ?? 'a resource of the machine'})`;
}

function knowsTrackPromises(): boolean {
  try {
    createHook({ trackPromises: 'unknown' } as Parameters<typeof createHook>[0]);
    return false;
  } catch {
    return true;
  }
}

const resourceNames: Readonly<Record<string, string>> = {
  Timeout: 'a real timer, captured before the world or private to Node',
  Immediate: 'a real immediate, captured before the world or private to Node',
  FSREQCALLBACK: 'a file request',
  FSREQPROMISE: 'a file request',
  FSReqCallback: 'a file request',
  FSReqPromise: 'a file request',
  TCPWRAP: 'a real socket',
  GETADDRINFOREQWRAP: 'a real name look-up',
};
