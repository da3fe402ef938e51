// Activities that call a web server, as Chaos Toolkit's do: the answer is `{ status, headers, body }`, whatever the status.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ActivityFailure, failureText } from './activity-failure.js';
import type { Provider } from './experiment.js';
import type { ProviderCall } from './provider-context.js';
import { substitute } from './substitution.js';

type HttpProvider = Extract<Provider, { type: 'http' }>;

const maximumBodyBytes = 8 << 20;
const maximumRedirects = 10;

interface HttpCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/** Calls a web server. @throws ActivityFailure when it cannot be reached or may not be */
export async function callHttp(provider: HttpProvider, call: ProviderCall): Promise<unknown> {
  const fill = (value: unknown): unknown => substitute(value, call.configuration, call.secrets);
  const method = (provider.method ?? 'GET').toUpperCase();
  const url = addressOf(String(fill(provider.url)));
  const headers = Object.fromEntries(
    Object.entries((fill(provider.headers) ?? {}) as Record<string, unknown>).map(([key, value]) => [
      key,
      String(value),
    ]),
  );
  const given = fill(provider.arguments);
  let body: string | undefined;
  if (given !== undefined && given !== null) {
    if (method === 'GET') for (const [key, value] of pairsOf(given)) url.searchParams.append(key, value);
    else if (headers['Content-Type'] === 'application/json') body = JSON.stringify(given);
    else {
      body = typeof given === 'string' ? given : new URLSearchParams(pairsOf(given)).toString();
      if (typeof given !== 'string') headers['Content-Type'] ??= 'application/x-www-form-urlencoded';
    }
  }
  const wanted: HttpCall = { method, url, headers, body, verify: provider.verify_tls ?? true, signal: call.signal };
  for (let retries = provider.max_retries ?? 0; ; retries--) {
    try {
      return await answered(wanted, call, 0);
    } catch (error) {
      if (error instanceof ActivityFailure || call.signal.aborted) throw error;
      if (retries <= 0) throw new ActivityFailure(`failed to connect to ${url}: ${failureText(error)}`);
    }
  }
}

async function answered(wanted: HttpCall, call: ProviderCall, redirects: number): Promise<unknown> {
  await checkAllowed(wanted.url, call);
  const response = await send(wanted);
  const { statusCode: status = 0 } = response;
  const place = response.headers.location;
  if (place !== undefined && [301, 302, 303, 307, 308].includes(status)) {
    response.resume();
    if (redirects >= maximumRedirects) throw new ActivityFailure(`more than ${maximumRedirects} redirections`);
    const url = addressOf(place, wanted.url);
    const keeps = status === 307 || status === 308 || wanted.method === 'HEAD';
    // What was meant for one server is not shown to another.
    const headers = url.origin === wanted.url.origin ? wanted.headers : withoutCredentials(wanted.headers);
    const next = keeps ? wanted : { ...wanted, method: 'GET', body: undefined };
    return answered({ ...next, url, headers }, call, redirects + 1);
  }
  const text = await textOf(response);
  const headers = headersOf(response);
  const isJson = response.headers['content-type'] === 'application/json';
  return { status, headers, body: isJson ? parsed(text) : text };
}

function send({ method, url, headers, body, verify, signal }: HttpCall): Promise<IncomingMessage> {
  const request_ = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const options = {
      method,
      headers: { ...headers, ...length },
      signal,
      agent: false as const,
      rejectUnauthorized: verify,
    };
    const request = request_(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumBodyBytes) throw new ActivityFailure(`the answer has more than ${maximumBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Headers with their names as they were sent. */
function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

async function checkAllowed(url: URL, { allow }: ProviderCall): Promise<void> {
  const { http = true } = allow;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const place = `${url.hostname}:${port}`;
  if (typeof http === 'function') {
    await http(url.hostname, Number(port)).catch((error: unknown) => {
      throw new ActivityFailure(failureText(error));
    });
    return;
  }
  if (http === true || (http !== false && http.includes(place))) return;
  throw new ActivityFailure(`calls to ${place} are not allowed`);
}

function addressOf(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new ActivityFailure(`${JSON.stringify(text)} is no address of a web server`);
}

function pairsOf(given: unknown): [string, string][] {
  if (typeof given !== 'object' || given === null) return [[String(given), '']];
  return Object.entries(given).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [key, String(one)]),
  );
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const secret = new Set(['authorization', 'cookie', 'proxy-authorization']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !secret.has(name.toLowerCase())));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
