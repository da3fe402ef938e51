// Text of several lines inside `<pre>`: the line breaks are kept, everything in the lines is escaped.

import { html, type Markup } from './markup';

/** One piece of markup for each line of `text`. */
export function preformatted(text: string): Markup[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => html`${line}<br>`);
}
