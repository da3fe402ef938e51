// Sees below the patch: Node tells an init hook of each resource it makes (node:async_hooks), with the code that asked for it still on the
// stack. A timer captured before the world, a private one of Node's, a file or a thread request show here, whoever made them.

import { createHook } from 'node:async_hooks';
import { activeWorld } from './running-world.js';

/** Resources that wait for the machine. A zlib handle is not among them: synchronous calls make one too. */
const machineResources =
  /^(Timeout|Immediate|TIMERWRAP|FS\w*|FILEHANDLE\w*|STATWATCHER|TCP\w*|PIPE\w*|UDP\w*|GET\w*INFOREQWRAP|QUERYWRAP|DNSCHANNEL|PROCESSWRAP|SIGNALWRAP|WORKER|MESSAGEPORT|PBKDF2REQUEST|SCRYPTREQUEST|ARGON2REQUEST|RANDOM\w*REQUEST|CHECKPRIMEREQUEST|KEY\w*REQUEST|SIGNREQUEST|VERIFYREQUEST|HASHREQUEST|CIPHERREQUEST|DERIVEBITSREQUEST|MACREQUEST)$/;

/** Never awaited by what runs in a world: Node's own, after an uncaught error too, and what a console does to show its lines. */
const harmless =
  /\b(setupConnectionsTracking|structuredClone|bufferResourceTiming)\b|node:internal\/(process\/execution|console\/)/;

/** Watches until it is disposed. */
export function watchResources(): Disposable {
  const hook = createHook({
    init(_id, type) {
      const world = activeWorld();
      if (world === undefined || !machineResources.test(type)) return;
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 30;
      const { stack = '' } = new Error(type);
      Error.stackTraceLimit = stackTraceLimit;
      if (!harmless.test(stack))
        world.nondeterminism(`${type} (${resourceNames[type] ?? 'a resource of the machine'})`, stack);
    },
    // Newer Node need not look at promises, which makes the hook free; older ones do not know the option.
    trackPromises: false,
  } as Parameters<typeof createHook>[0]);
  hook.enable();
  return {
    [Symbol.dispose]() {
      hook.disable();
    },
  };
}

const resourceNames: Readonly<Record<string, string>> = {
  Timeout: 'a real timer, captured before the world or private to Node',
  Immediate: 'a real immediate, captured before the world or private to Node',
  FSREQCALLBACK: 'a file request',
  FSREQPROMISE: 'a file request',
  TCPWRAP: 'a real socket',
  GETADDRINFOREQWRAP: 'a real name look-up',
};
