// No file loads itself through others. Types may refer to each other freely: their imports are erased.
// Depth-first search over the files; an edge to a file on the current path closes a cycle. O(files + imports).
import { readSources } from '../imports.mjs';

/** @type {import('../finding.mjs').Rule} */
export const cycles = {
  name: 'cycles',
  summary: 'no file loads itself through others',
  async find(root) {
    const sources = readSources(root);
    /** @type {Map<string, string[]>} */
    const loads = new Map(sources.map(({ file, imports }) => [file, loadedBy(imports)]));
    return findCycles(loads).map((cycle) => ({
      file: String(cycle[0]),
      message: `a cycle: ${cycle.join(' → ')}`,
      advice: 'Move what both sides need into a file of its own, or import only its types (`import type`).',
    }));
  },
};

/** @param {readonly import('../imports.mjs').Import[]} imports */
function loadedBy(imports) {
  return imports.flatMap(({ target, typeOnly, dynamic }) =>
    target === undefined || typeOnly || dynamic ? [] : [target],
  );
}

/**
 * One cycle for each edge that closes one, first file repeated at the end.
 *
 * @param {ReadonlyMap<string, readonly string[]>} edges
 * @returns {string[][]}
 */
export function findCycles(edges) {
  const done = new Set();
  /** @type {string[][]} */
  const found = [];
  for (const start of edges.keys()) {
    /** @type {{ file: string, rest: string[] }[]} */
    const path = done.has(start) ? [] : [{ file: start, rest: [...(edges.get(start) ?? [])] }];
    while (path.length > 0) {
      const { file, rest } = /** @type {{ file: string, rest: string[] }} */ (path.at(-1));
      const next = rest.shift();
      if (next === undefined) {
        done.add(file);
        path.pop();
        continue;
      }
      const first = path.findIndex((step) => step.file === next);
      if (first >= 0) found.push([...path.slice(first).map((step) => step.file), next]);
      else if (!done.has(next)) path.push({ file: next, rest: [...(edges.get(next) ?? [])] });
    }
  }
  return found;
}
