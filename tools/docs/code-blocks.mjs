// The code blocks of a Markdown document (CommonMark fences), and what their info strings ask for:
//
//   ```ts                     type-checked and run as an ES module
//   ```ts continues           the same, after the document's TypeScript block before it
//   ```ts file=my-strip.ts    the same, and kept under this name, so that later blocks can import it
//   ```sh                     run in a copy of the repository
//   ```text                   right after one of these (a line of prose may stand between): what it prints; `…` stands for anything
//   ```ts no-run: reason      neither checked nor run; listed as skipped

/**
 * @typedef {object} CodeBlock
 * @property {'ts' | 'sh'} language
 * @property {number} line of the fence, from 1
 * @property {string} code
 * @property {boolean} continues
 * @property {string | undefined} file
 * @property {string | undefined} noRun the reason
 * @property {string | undefined} expected output
 */

/** @typedef {{ info: string, line: number, end: number, code: string }} Fence */

/** @type {Record<string, 'ts' | 'sh'>} */
const LANGUAGES = { ts: 'ts', typescript: 'ts', sh: 'sh', bash: 'sh', shell: 'sh' };

/**
 * @param {string} markdown
 * @returns {CodeBlock[]}
 * @throws {Error} when `no-run` lacks a reason
 */
export function codeBlocks(markdown) {
  const lines = markdown.split('\n');
  const fences = fencesOf(lines);
  return fences.flatMap((fence, index) => {
    const [word = '', ...rest] = fence.info.split(/\s+/);
    const language = LANGUAGES[word];
    if (language === undefined) return [];
    const options = rest.join(' ');
    return [
      {
        language,
        line: fence.line,
        code: fence.code,
        continues: /\bcontinues\b/.test(options),
        file: /\bfile=(\S+)/.exec(options)?.[1],
        noRun: reasonNotToRun(options, fence.line),
        expected: expectedOutput(lines, fence, fences[index + 1]),
      },
    ];
  });
}

/**
 * @param {readonly string[]} lines
 * @returns {Fence[]}
 */
function fencesOf(lines) {
  /** @type {Fence[]} */
  const fences = [];
  for (let index = 0; index < lines.length; index++) {
    const open = /^( {0,3})(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[index] ?? '');
    if (open === null) continue;
    const [, , mark = '', info = ''] = open;
    const close = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
    let end = index + 1;
    while (end < lines.length && !close.test(lines[end] ?? '')) end++;
    fences.push({
      info: info.trim(),
      line: index + 1,
      end: end + 1,
      code: `${lines.slice(index + 1, end).join('\n')}\n`,
    });
    index = end;
  }
  return fences;
}

/**
 * @param {string} options
 * @param {number} line
 */
function reasonNotToRun(options, line) {
  const found = /\bno-run\b:?\s*(.*)$/.exec(options);
  if (found === null) return undefined;
  if (!found[1]) throw new Error(`line ${line}: \`no-run\` needs a reason: \`no-run: why\``);
  return found[1];
}

/**
 * @param {readonly string[]} lines
 * @param {Fence} fence
 * @param {Fence | undefined} next
 */
function expectedOutput(lines, fence, next) {
  if (next?.info !== 'text') return undefined;
  const between = lines.slice(fence.end, next.line - 1).filter((line) => line.trim() !== '');
  return between.length <= 1 && !between.some((line) => line.startsWith('#')) ? next.code : undefined;
}

/**
 * Tells whether a program printed what a document says; `…` in the document stands for anything.
 *
 * @param {string} expected
 * @param {string} printed
 */
export function matchesOutput(expected, printed) {
  const parts = expected
    .trimEnd()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*?')}$`).test(printed.trimEnd());
}
