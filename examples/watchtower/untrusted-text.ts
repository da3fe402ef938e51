// Text that an attacker chose (user names, paths, agents) on its way to a terminal or a page: control characters and
// direction overrides become visible escapes, so that no log line can move the cursor or reorder what is read.

const invisible = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** `text` with every control, format and surrogate character written as `\xNN` or `\u{NNNN}`, and cut at `limit` characters. */
export function visibleText(text: string, limit = 4096): string {
  const shown = text.replace(invisible, escaped);
  return shown.length > limit ? `${shown.slice(0, limit - 1)}…` : shown;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
