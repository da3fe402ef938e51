// HTML from text that attackers wrote: a template tag that escapes every value it is given, so that forgetting to escape
// is impossible; only what another such template made passes as it is. Control characters become visible.

import { visibleText } from '../untrusted-text';

/** A piece of HTML that is safe to put into a page. */
export class Markup {
  readonly text: string;

  /** @param text HTML that was written by this program, not by anybody else */
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | string | number | bigint | readonly Value[];

/** HTML with every value escaped, for text and for quoted attributes. Lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(strings.map((text, n) => text + (n < values.length ? escaped(values[n]!) : '')).join(''));
}

/** A value as JSON that can stand inside a `<script>` element. */
export function jsonForScript(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, unicodeEscape));
}

function escaped(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(escaped).join('');
  return visibleText(String(value), Number.POSITIVE_INFINITY).replace(/[&<>"'`]/g, entity);
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
