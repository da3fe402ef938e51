// An answered request as the event that its line in an access log would be. The line is written in the combined format, with
// Apache's escapes, and read by the same parser: so the rules see one kind of event, and the line is its evidence.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockTarget, SecurityEvent } from '../events/index.js';
import { LogLineParser } from '../parsing/index.js';

/** What is longer is cut, and cut again when it is escaped: three fields make a line, and an event's line has 8,192 characters. */
const maxFieldLength = 2000;
const maxEscapedLength = 2600;

/** Whose request was answered, and at what service. */
export interface AnsweredRequest {
  /** The client's address in canonical text. */
  readonly address: string;
  readonly domain: string;
  /** Who else it is from. */
  readonly actors: readonly BlockTarget[];
  /** Whether those were verified. */
  readonly authenticated: boolean;
  readonly timeMs: number;
}

/** Turns requests into events. */
export class AccessEvents {
  readonly #parser = new LogLineParser('http requests', { newestTime: () => 0, utcOffsetMinutes: 0 });

  /** The event of a request that was answered, with its exact time. */
  eventOf(request: IncomingMessage, response: ServerResponse, from: AnsweredRequest): SecurityEvent | undefined {
    const { address, domain, actors, authenticated, timeMs } = from;
    const text = accessLine(request, response, address, timeMs);
    const event = this.#parser.parse({ text, offset: 0, end: 0, cut: false, garbled: false })?.event;
    if (event === undefined) return undefined;
    const { kind, actor, victim, fields, evidence } = event;
    const outcome = authenticated && event.outcome === 'unknown' ? 'success' : event.outcome;
    const plain = {
      time: timeMs,
      domain,
      kind,
      actor: [...actor, ...actors],
      authenticated,
      outcome,
      fields,
      evidence,
    };
    return victim === undefined ? plain : { ...plain, victim };
  }
}

function accessLine(request: IncomingMessage, response: ServerResponse, address: string, timeMs: number): string {
  const { method = 'GET', headers, httpVersion } = request;
  // Express cuts `url` at a router's mount point and keeps the whole one here.
  const { originalUrl } = request as IncomingMessage & { readonly originalUrl?: unknown };
  const target = typeof originalUrl === 'string' ? originalUrl : (request.url ?? '/');
  const sent = `${method} ${escaped(target)} HTTP/${httpVersion}`;
  const agents = `"${escaped(headers.referer ?? '-')}" "${escaped(headers['user-agent'] ?? '-')}"`;
  return `${address} - - [${apacheDate(timeMs)}] "${sent}" ${response.statusCode} - ${agents}`;
}

function escaped(text: string): string {
  const hex = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const whole = text
    .slice(0, maxFieldLength)
    .replace(/["\\]/g, '\\$&')
    .replace(/\p{Cc}/gu, hex);
  return whole.length <= maxEscapedLength ? whole : wholeEscapes.exec(whole.slice(0, maxEscapedLength))![0];
}

/** A text up to an escape that was cut in two. */
const wholeEscapes = /^(?:[^\\]|\\x[0-9a-f]{2}|\\[^x])*/;

/** `23/Nov/2026:20:12:33 +0000`. */
function apacheDate(timeMs: number): string {
  const [, day, month, year, time] = new Date(timeMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
