// One request to the HTTP API of Toxiproxy (README of github.com/Shopify/toxiproxy): JSON in, JSON out, errors as
// `{"error": …, "status": …}`. Node's built-in modules only: the reaper calls it too.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

const maximumAnswerBytes = 4 << 20;

/** An answer; `body` is parsed JSON, or the text where it is none. */
export interface ToxiproxyAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a proxy's API. Rejects when it cannot be reached within `timeoutMs`. */
export function callToxiproxy(
  api: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: readonly string[],
  body: unknown = undefined,
  timeoutMs = 5000,
): Promise<ToxiproxyAnswer> {
  const url = new URL(path.map(encodeURIComponent).join('/'), api.endsWith('/') ? api : `${api}/`);
  const text = body === undefined ? '' : JSON.stringify(body);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method,
      agent: false,
      // Toxiproxy refuses browsers by their User-Agent.
      headers: {
        'User-Agent': 'tenstrip-chaos-engine',
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumAnswerBytes)
          response.destroy(new Error(`an answer of more than ${maximumAnswerBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const said = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body: parsed(said) });
      });
    });
    request.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
