// "Did you mean": the known word at the smallest edit distance (Damerau 1964: one in four typing errors swaps two
// neighbours), three rows of the table at a time. O(product of the lengths) a word.

/** The word nearest to `given`, if at most a third of it would have to change; ties go to the first. Case is ignored. */
export function nearestWord(given: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const word of words) {
    if (Math.abs(word.length - given.length) >= bestDistance) continue;
    const distance = editDistance(given.toLowerCase(), word.toLowerCase());
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** How many insertions, deletions, substitutions and swaps of neighbours turn `from` into `to` (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const row = [line];
    for (let column = 1; column <= to.length; column++) {
      const substituted = last[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1);
      const swapped = isSwap(from, to, line, column) ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(substituted, swapped, last[column]! + 1, row[column - 1]! + 1));
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length]!;
}

function isSwap(from: string, to: string, line: number, column: number): boolean {
  return line > 1 && column > 1 && from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1];
}
