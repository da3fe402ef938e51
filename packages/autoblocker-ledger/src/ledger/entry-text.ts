// The texts of entries in canonical JSON (RFC 8785). Decisions, extensions and refusals are nearly all that a ledger holds, and
// evidence is the most of each: what they say is put together member by member, in order, which costs a fifth of printing an
// object. Whatever is not as plain as they mostly are is left to the general printers, which order and check everything.

import { canonicalJson } from '@tenstrip/shared-core/crypto';
import type { EvidenceLine } from './explanation.js';
import type { DecisionEntry, ExtensionEntry, LedgerEntry } from './ledger-entry.js';

/** The public fact of an entry, open where the commitment to its personal part goes; `after` is empty when it has none. */
export interface FactText {
  readonly before: string;
  readonly after: string;
}

/** The text of an entry's public fact. */
export function factText(entry: LedgerEntry): FactText {
  const said = entry.class === 'extension' ? extensionFact(entry) : decisionFactOf(entry);
  if (said !== undefined) return said;
  const fact = { v: 1, class: entry.class, ...entry.fact };
  if (entry.personal === undefined) return { before: entryJson(fact), after: '' };
  // No text holds the mark: within one its quotes would be escaped.
  const [before, after] = entryJson({ ...fact, personal: '' }).split('"personal":""');
  return { before: `${before}"personal":"`, after: `"${after}` };
}

/** The text of an entry's personal part. */
export function personalText(entry: LedgerEntry): string {
  const said = accusationOf(entry);
  return said === undefined || mayHoldHalfPair(said) ? entryJson(entry.personal!) : said;
}

function extensionFact({ fact, personal }: ExtensionEntry): FactText | undefined {
  const { decision, eventCount, recordedAt, scenario, score, time, until } = fact;
  const rule = ruleText(scenario);
  if (rule === undefined || !plain.test(decision)) return undefined;
  if (!areFinite(eventCount, recordedAt, score, time, until)) return undefined;
  const head = `{"class":"extension","decision":"${decision}","eventCount":${eventCount}`;
  const tail = `,"recordedAt":${recordedAt},"scenario":${rule},"score":${score},"time":${time},"until":${until},"v":1}`;
  return opened(head, tail, personal !== undefined);
}

/** Of a decision with nothing unusual about it. */
function decisionFactOf(entry: LedgerEntry): FactText | undefined {
  if (entry.class !== 'decision') return undefined;
  const { action, domains, earlier, eventCount, from, held, origin, rail, recordedAt, scenario, score, time, until } =
    entry.fact;
  const rule = ruleText(scenario);
  if (rule === undefined || domains !== 'all' || rail !== undefined || earlier === undefined) return undefined;
  if (!areFinite(earlier + from, recordedAt, score + eventCount, time, until)) return undefined;
  const head = `{"action":"${action}","class":"decision","domains":"all","earlier":${earlier},"eventCount":${eventCount},"from":${from},"held":"${held}","origin":"${origin}"`;
  const tail = `,"recordedAt":${recordedAt},"scenario":${rule},"score":${score},"time":${time},"until":${until},"v":1}`;
  return opened(head, tail, entry.personal !== undefined);
}

function opened(head: string, tail: string, isOpen: boolean): FactText {
  return isOpen ? { before: `${head},"personal":"`, after: `"${tail}` } : { before: head + tail, after: '' };
}

function ruleText({ name, version }: DecisionEntry['fact']['scenario']): string | undefined {
  return plain.test(name) && plain.test(version) ? `{"name":"${name}","version":"${version}"}` : undefined;
}

/** What evidence there is against whom. */
function accusationOf(entry: LedgerEntry): string | undefined {
  if (entry.class !== 'decision' && entry.class !== 'extension' && entry.class !== 'refusal') return undefined;
  const { evidence, overflow } = entry.personal!;
  const lines = evidenceText(evidence);
  if (lines === undefined) return undefined;
  const begin = `{"evidence":[${lines}]${overflow === undefined ? '' : `,"overflow":${quoted(overflow)}`}`;
  if (entry.class === 'extension') return `${begin}}`;
  const { reason, target } = entry.personal!;
  const whom =
    target.kind === 'certificate'
      ? `{"kind":"certificate","spkiSha256":${quoted(target.spkiSha256)}}`
      : `{"kind":"${target.kind}","value":${quoted(target.value)}}`;
  return `${begin},"reason":${quoted(reason)},"target":${whom}}`;
}

function evidenceText(evidence: readonly EvidenceLine[]): string | undefined {
  let text = '';
  let lastSource: string | undefined;
  let beforeTime = ',"time":';
  for (let at = 0; at < evidence.length; at += 1) {
    const { digest, line, offset, source, time } = evidence[at]!;
    if (!areFinite(offset ?? 0, time, 0, 0, 0)) return undefined;
    if (source !== lastSource) {
      lastSource = source;
      beforeTime = source === undefined ? ',"time":' : `,"source":${quoted(source)},"time":`;
    }
    text += at === 0 ? '{"digest":' : ',{"digest":';
    text += quoted(digest);
    if (line !== undefined) text += `,"line":${quoted(line)}`;
    if (offset !== undefined) text += `,"offset":${offset}`;
    text += `${beforeTime}${time}}`;
  }
  return text;
}

/** Whether all are numbers that JSON can say. */
function areFinite(one: number, second: number, third: number, fourth: number, last: number | null): boolean {
  return Number.isFinite(one + second + third + fourth + (last ?? 0));
}

/** Printable ASCII in which nothing has to be escaped. */
const plain = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

/**
 * The canonical JSON of plain data. With members in order `JSON.stringify` prints RFC 8785's text, at a fifth of the cost of a
 * library that has to order and check everything; what is not as plain as an entry is left to that.
 */
function entryJson(value: object): string {
  const ordered = isInOrder(value) ? value : inOrder(value);
  const text = ordered === undefined ? undefined : JSON.stringify(ordered);
  return text === undefined || mayHoldHalfPair(text) ? canonicalJson(value) : text;
}

/** Whether JSON holds an escape of half a surrogate pair, which canonical JSON refuses; or text that looks like one. */
function mayHoldHalfPair(json: string): boolean {
  return json.includes('\\ud');
}

/** Whether `value` is plain and the members of every object in it are in order, as those of evidence are, which is the most of an entry. */
function isInOrder(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (!isInOrder(value[at])) return false;
    return true;
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false;
  let before = '';
  for (const name in value) {
    if (!(before < name || before === '') || !isPlainName(name)) return false;
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined && !isInOrder(member)) return false;
    before = name;
  }
  return true;
}

/** `value` with the members of every object in order. `undefined` when it holds what is not plain. */
function inOrder(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) {
    const items = value.map(inOrder);
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[name];
    if (!isPlainName(name)) return undefined;
    if (member === undefined) continue;
    const inside = inOrder(member);
    if (inside === undefined) return undefined;
    ordered[name] = inside;
  }
  return ordered;
}

/** Whether a name stands where it was put: an integer would come first whatever the order. */
function isPlainName(name: string): boolean {
  const first = name.charCodeAt(0);
  return !(first >= 48 && first <= 57) && name !== '__proto__' && name !== 'toJSON';
}
