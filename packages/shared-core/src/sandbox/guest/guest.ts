// The life of a guest: boot once (take away what it must not have, load the module), then answer calls one at a time.
// It runs inside the isolate, from a folder that holds only the files of this one; nothing here is a border.
import { types } from 'node:util';
import type { Capability, CapabilityHandles } from '../../capabilities/index.js';
import { DeterministicRealm } from './deterministic-realm.js';
import { HostRequests } from './host-requests.js';
import { type GuestError, type GuestMessage, type HostMessage, maxErrorText } from './protocol.js';
import { Refusal, refuseEscapes } from './refusals.js';
import { decodeValue, encodeValue, ValueRefused } from './value-codec.js';

/** What a function of an isolate's module gets as its second argument. */
export interface IsolateContext {
  /** The handle of a capability that was granted to the isolate; the host does the work. @throws an error with code `CapabilityDenied` */
  use<C extends Exclude<Capability, 'native'>>(capability: C): CapabilityHandles[C];
}

type Boot = Extract<HostMessage, { type: 'boot' }>;
type Call = Extract<HostMessage, { type: 'call' }>;

const grantNothing: IsolateContext = { use: notGranted };

/** One guest; `post` sends a payload to the host. */
export class Guest {
  readonly #post: (payload: Uint8Array) => void;
  readonly #requests = new HostRequests((message) => this.#send(message));
  #realm: DeterministicRealm | undefined;
  #functions: Readonly<Record<string, unknown>> = {};
  #context: IsolateContext = grantNothing;
  #maxMessageBytes = 0;

  constructor(post: (payload: Uint8Array) => void) {
    this.#post = post;
  }

  /** Takes one message of the host. */
  receive(payload: Uint8Array): void {
    const message = decodeValue(payload) as HostMessage;
    switch (message.type) {
      case 'boot':
        void this.#boot(message);
        return;
      case 'call':
        void this.#call(message);
        return;
      case 'answer':
        this.#requests.answered(message.request, message.value);
        return;
      case 'refusal':
        this.#requests.refused(message.request, message.error);
        return;
    }
  }

  async #boot(boot: Boot): Promise<void> {
    this.#maxMessageBytes = boot.maxMessageBytes;
    this.#context = this.#grantedContext(boot);
    try {
      refuseEscapes();
      if (boot.deterministic) this.#realm = await DeterministicRealm.enter(() => this.#requests.pending > 0);
      this.#functions = await import(boot.module);
      this.#realm?.throwIfViolated();
      this.#send({ type: 'ready' });
    } catch (error) {
      this.#send({ type: 'failed', call: 0, error: described(error) });
    }
  }

  async #call({ call, name, input, world }: Call): Promise<void> {
    try {
      if (world !== undefined) this.#realm?.begin(world);
      const value = await this.#function(name)(input, this.#context);
      const elapsedMs = this.#realm?.end() ?? 0;
      this.#send({ type: 'result', call, value, elapsedMs });
    } catch (error) {
      this.#send({ type: 'failed', call, error: described(this.#realm?.violation ?? error) });
    }
  }

  #function(name: string): (input: unknown, context: IsolateContext) => unknown {
    const found = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (typeof found === 'function') return found as (input: unknown, context: IsolateContext) => unknown;
    const exported = Object.keys(this.#functions).filter((key) => typeof this.#functions[key] === 'function');
    throw new Error(
      `the module exports no function ${JSON.stringify(name)}; it exports ${exported.join(', ') || 'none'}`,
    );
  }

  #grantedContext({ capabilities, environment }: Boot): IsolateContext {
    const handles = new Map(capabilities.map((name) => [name, this.#requests.handle(name)]));
    if (handles.has('env')) handles.set('env', Object.freeze(Object.assign(Object.create(null), environment)));
    const use = (capability: string) => handles.get(capability) ?? notGranted(capability, capabilities);
    return Object.freeze({ use: use as IsolateContext['use'] });
  }

  #send(message: GuestMessage): void {
    const payload = encodeValue(message, message.type === 'result' ? 'result' : message.type);
    if (payload.length > this.#maxMessageBytes) {
      const text = `a ${message.type} of ${payload.length} bytes; a message has at most ${this.#maxMessageBytes}`;
      throw Object.assign(new ValueRefused(text), { code: 'IsolateLimit' });
    }
    this.#post(payload);
  }
}

function notGranted(capability: string, granted: readonly string[] = []): never {
  const name = JSON.stringify(String(capability));
  const error = new Refusal(`use(${name})`, 'CapabilityDenied');
  error.message = `the capability ${name} is not granted to this isolate; granted: ${granted.join(', ') || 'nothing'}`;
  throw error;
}

/** Any thrown value as texts. Getters of a hostile error run here, inside the isolate. */
function described(thrown: unknown): GuestError {
  if (!types.isNativeError(thrown)) return { name: 'Thrown', message: shortText(thrown) };
  const { name, message, code, permission, resource, attempted } = thrown as Error & Record<string, unknown>;
  const error: GuestError = { name: shortText(name), message: shortText(message) };
  if (code !== undefined) error.code = shortText(code);
  if (attempted !== undefined) error.attempted = shortText(attempted);
  else if (code === 'ERR_ACCESS_DENIED')
    error.attempted = shortText(`${permission || 'access'} ${resource ?? ''}`.trim());
  return error;
}

function shortText(value: unknown): string {
  try {
    return String(value).slice(0, maxErrorText);
  } catch {
    return 'a value without text';
  }
}
