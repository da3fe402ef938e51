// The host's side of `context.use`: carries out what a guest asks for, by handles that check every use. Only the methods
// named here can be asked for, and their arguments are checked, since the guest is not believed.
import { z } from 'zod';
import {
  type Capability,
  type CapabilityHandles,
  type Grants,
  openCapability,
  type RunOptions,
} from '../capabilities/index.js';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { Governed } from '../governor/index.js';
import type { FetchAnswer } from './guest/host-requests.js';

/** Bounds of what one request may bring back, and what ends it. */
export interface RequestBounds {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly deadlineMs: number;
}

type Method = (args: unknown[], bounds: RequestBounds) => Promise<unknown>;

const bytes = z.instanceof(Uint8Array);
const fetchInit = z.strictObject({
  headers: z.array(z.tuple([z.string(), z.string()])),
  method: z.string().optional(),
  redirect: z.enum(['follow', 'error', 'manual']).optional(),
  body: bytes.optional(),
});
const runOptions = z
  .strictObject({
    input: bytes.optional(),
    deadlineMs: z.number().positive().optional(),
    maxOutputBytes: z.int().positive().optional(),
  })
  .default({});
const argumentsOf = {
  path: z.tuple([z.string()]),
  write: z.tuple([z.string(), z.union([z.string(), bytes])]),
  allow: z.tuple([z.string(), z.number()]),
  fetch: z.tuple([z.string(), fetchInit]),
  run: z.union([z.tuple([z.string(), z.array(z.string())]), z.tuple([z.string(), z.array(z.string()), runOptions])]),
};

/** The handles that were granted to one isolate. */
export class HostHandles {
  readonly #methods = new Map<string, Method>();
  /** Names of the capabilities that were granted. */
  readonly capabilities: string[] = [];
  /** The granted environment variables. */
  readonly environment: Record<string, string> = {};

  /** @throws TenstripError `CapabilityDenied` when `governor` itself was not granted one of them */
  constructor(governor: Pick<Governed, 'use'>, grants: Grants) {
    const open = <C extends Capability>(capability: C): CapabilityHandles[C] | undefined => {
      if (grants[capability] === undefined) return undefined;
      this.capabilities.push(capability);
      return openCapability(capability, { grants }, governor.use(capability));
    };
    this.#addReading(open('fs.read'));
    this.#addWriting(open('fs.write'));
    this.#addNetworking(open('net'));
    this.#addRunning(open('process'));
    Object.assign(this.environment, open('env'));
  }

  /** Does what a guest asks for. @throws TenstripError `CapabilityDenied` for what is not granted or not known */
  async answer(capability: string, method: string, args: unknown[], bounds: RequestBounds): Promise<unknown> {
    const attempted = `${capability}.${method}`;
    const carryOut = this.#methods.get(attempted);
    if (carryOut === undefined) throw denied(attempted, `${attempted} is not granted to this isolate`);
    try {
      return await carryOut(args, bounds);
    } catch (error) {
      if (error instanceof z.ZodError)
        throw denied(attempted, `${attempted}: wrong arguments: ${z.prettifyError(error)}`);
      throw error;
    }
  }

  #addReading(handle: CapabilityHandles['fs.read'] | undefined): void {
    if (handle === undefined) return;
    this.#add('fs.read.resolve', argumentsOf.path, ([path]) => handle.resolve(path));
    this.#add('fs.read.read', argumentsOf.path, ([path], { maxBytes }) => handle.read(path, { maxBytes }));
    this.#add('fs.read.list', argumentsOf.path, ([path]) => handle.list(path));
  }

  #addWriting(handle: CapabilityHandles['fs.write'] | undefined): void {
    if (handle === undefined) return;
    this.#add('fs.write.resolve', argumentsOf.path, ([path]) => handle.resolve(path));
    this.#add('fs.write.write', argumentsOf.write, ([path, data]) => handle.write(path, data));
    this.#add('fs.write.remove', argumentsOf.path, ([path]) => handle.remove(path));
  }

  #addNetworking(handle: CapabilityHandles['net'] | undefined): void {
    if (handle === undefined) return;
    this.#add('net.allow', argumentsOf.allow, ([host, port]) => handle.allow(host, port));
    this.#add('net.fetch', argumentsOf.fetch, async ([url, init], { signal, maxBytes }) =>
      fetchAnswer(await handle.fetch(url, { ...init, signal } as RequestInit), maxBytes),
    );
  }

  #addRunning(handle: CapabilityHandles['process'] | undefined): void {
    if (handle === undefined) return;
    this.#add('process.run', argumentsOf.run, ([program, args, options], bounds) =>
      handle.run(program, args, boundedRun((options ?? {}) as RunOptions, bounds)),
    );
  }

  #add<S extends z.ZodType>(
    name: string,
    args: S,
    carryOut: (args: z.output<S>, bounds: RequestBounds) => Promise<unknown>,
  ): void {
    this.#methods.set(name, async (given, bounds) => carryOut(args.parse(given), bounds));
  }
}

function boundedRun(options: RunOptions, { signal, maxBytes, deadlineMs }: RequestBounds): RunOptions {
  return {
    ...options,
    signal,
    deadlineMs: Math.min(options.deadlineMs ?? deadlineMs, deadlineMs),
    maxOutputBytes: Math.min(options.maxOutputBytes ?? maxBytes, maxBytes),
  };
}

async function fetchAnswer(response: Response, maxBytes: number): Promise<FetchAnswer> {
  const { status, statusText, headers } = response;
  return { status, statusText, headers: [...headers], body: await boundedBody(response, maxBytes) };
}

/** The body, as far as it fits; a longer one is not read on. */
async function boundedBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong(response.url, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLong(url: string, maxBytes: number): Error {
  return new TenstripError<CoreErrorCode>(
    'IsolateLimit',
    `net.fetch: the response of ${url} has more than ${maxBytes} bytes`,
    {
      details: { limit: 'message', url, maxBytes },
    },
  );
}

function denied(attempted: string, message: string): Error {
  return new TenstripError<CoreErrorCode>('CapabilityDenied', message, { details: { attempted } });
}
