// Capability handles inside the isolate: every method is a request to the host, which holds the real handle and checks.
import { type GuestError, type GuestMessage, maxOpenRequests } from './protocol.js';
import { Refusal } from './refusals.js';

/** Methods of each handle that crosses the channel. */
const methodsOf: Readonly<Record<string, readonly string[]>> = {
  'fs.read': ['resolve', 'read', 'list'],
  'fs.write': ['resolve', 'write', 'remove'],
  net: ['allow', 'fetch'],
  process: ['run'],
};

interface OpenRequest {
  fulfil(value: unknown): void;
  reject(error: Error): void;
}

/** Sends requests, at most {@link maxOpenRequests} at a time; more wait in order in the guest's own memory. */
export class HostRequests {
  readonly #send: (message: GuestMessage) => void;
  readonly #open = new Map<number, OpenRequest>();
  readonly #waiting: (() => void)[] = [];
  #last = 0;

  constructor(send: (message: GuestMessage) => void) {
    this.#send = send;
  }

  /** Requests that the host has not answered yet. */
  get pending(): number {
    return this.#open.size + this.#waiting.length;
  }

  /** The handle of `capability`, one request a call. */
  handle(capability: string): object {
    const methods = methodsOf[capability] ?? [];
    const handle: Record<string, unknown> = {};
    for (const method of methods) {
      handle[method] = async (...args: unknown[]) =>
        method === 'fetch' ? this.#fetch(args) : this.#request(capability, method, args);
    }
    return Object.freeze(handle);
  }

  answered(request: number, value: unknown): void {
    this.#settled(request)?.fulfil(value);
  }

  refused(request: number, error: GuestError): void {
    this.#settled(request)?.reject(guestError(error));
  }

  #settled(request: number): OpenRequest | undefined {
    const open = this.#open.get(request);
    this.#open.delete(request);
    this.#waiting.shift()?.();
    return open;
  }

  #request(capability: string, method: string, args: unknown[]): Promise<unknown> {
    return new Promise((fulfil, reject) => {
      const start = () => {
        const request = ++this.#last;
        this.#open.set(request, { fulfil, reject });
        try {
          this.#send({ type: 'request', request, capability, method, args });
        } catch (error) {
          this.#settled(request)?.reject(error as Error);
        }
      };
      if (this.#open.size < maxOpenRequests) start();
      else this.#waiting.push(start);
    });
  }

  async #fetch([url, init = {}]: unknown[]): Promise<Response> {
    const { method, headers, body, redirect } = init as RequestInit;
    const sent: Record<string, unknown> = { headers: [...new Headers(headers)] };
    if (method !== undefined) sent.method = method;
    if (redirect !== undefined) sent.redirect = redirect;
    if (body !== undefined && body !== null) sent.body = new Uint8Array(await new Response(body).arrayBuffer());
    const answer = (await this.#request('net', 'fetch', [String(url), sent])) as FetchAnswer;
    const empty = answer.body.length === 0;
    return new Response(empty ? null : (answer.body as Uint8Array<ArrayBuffer>), {
      status: answer.status,
      statusText: answer.statusText,
      headers: answer.headers,
    });
  }
}

/** A response as it crosses the channel. */
export interface FetchAnswer {
  status: number;
  statusText: string;
  headers: [string, string][];
  body: Uint8Array;
}

function guestError({ name, message, code, attempted }: GuestError): Error {
  if (code === 'CapabilityDenied' && attempted !== undefined) {
    return Object.assign(new Refusal(attempted, code), { message });
  }
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}
