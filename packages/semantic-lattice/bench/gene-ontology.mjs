// The Gene Ontology's graph as Debian's r-bioc-go.db ships it (GO data: CC-BY 4.0): read in place with the sqlite3 program.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const INSTALLED = '/usr/lib/R/site-library/GO.db/extdata/GO.sqlite';
const PARTS = ['bp', 'mf', 'cc'];

/** Where the data is, or why it is not there. */
export function geneOntology() {
  const path = process.env.TENSTRIP_GO_DB ?? INSTALLED;
  if (!existsSync(path)) {
    return { absent: `no ${path}: apt-get install r-bioc-go.db, or set TENSTRIP_GO_DB to a GO.sqlite` };
  }
  if (spawnSync('sqlite3', ['--version']).status !== 0) return { absent: 'no sqlite3: apt-get install sqlite3' };
  return { path };
}

function pairs(path, table, from, to) {
  const query = PARTS.map(
    (part) => `select distinct '${part}' || ${from}, '${part}' || ${to} from go_${part}_${table}`,
  ).join(' union all ');
  const text = execFileSync('sqlite3', ['-separator', '\t', path, query], { encoding: 'utf8', maxBuffer: 1 << 30 });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

/** Edges from a term to each of its parents. */
export const parents = (path) => pairs(path, 'parents', '_id', '_parent_id');

/** The published closure, which is the answer: pairs of a term and what is above it. */
export const ancestors = (path) => pairs(path, 'offspring', '_offspring_id', '_id');
