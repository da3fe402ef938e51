// The relative links of a Markdown document (CommonMark inline links and link definitions): each must lead to a file or folder,
// and its fragment to a heading of that document. What is inside code is no link.

/**
 * @param {string} markdown
 * @returns {string[]} the targets as written, without those that lead out of the repository (`https:`, `mailto:`)
 */
export function relativeLinks(markdown) {
  const prose = withoutCode(markdown);
  const inline = [...prose.matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+["'][^"']*["'])?\s*\)/g)];
  const definitions = [...prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/gm)];
  return [...inline, ...definitions]
    .map(([, target = '']) => target)
    .filter((target) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target));
}

/**
 * The fragments by which the headings of a document are reached, as code hosts make them.
 *
 * @param {string} markdown
 * @returns {Set<string>}
 */
export function headingFragments(markdown) {
  const headings = [...withoutFences(markdown).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)].map(([, text = '']) =>
    fragment(text),
  );
  /** @type {Map<string, number>} */
  const seen = new Map();
  return new Set(
    headings.map((heading) => {
      const times = seen.get(heading) ?? 0;
      seen.set(heading, times + 1);
      return times === 0 ? heading : `${heading}-${times}`;
    }),
  );
}

/** @param {string} heading */
function fragment(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** @param {string} markdown */
function withoutFences(markdown) {
  return markdown.replace(/^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ {0,3}\1[`~]*\s*$/gm, '');
}

/** @param {string} markdown */
function withoutCode(markdown) {
  return withoutFences(markdown).replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '');
}
