// Shows rows: as a table for the terminal, as a section of docs/benchmarks.md, and as plain data.

/** @typedef {import('./measure.mjs').Row} Row */
/** @typedef {import('./measure.mjs').SideSpreads} SideSpreads */
/** @typedef {import('./statistics.mjs').Spread} Spread */
/** @typedef {{ date: string, machine: string, versions: string }} RunConditions */
/** @typedef {{ work: string, ours: string, peer: string, result: string, target: string, verdict: string, checked: string }} Cells */

const BETTER = {
  cpu: 'CPU time, ours / peer',
  speedup: 'wall time, peer / ours',
  memory: 'peak memory, ours / peer',
};

/**
 * @param {readonly Row[]} rows
 * @returns {string} with a line for each row
 */
export function terminalTable(rows) {
  const head = { work: 'workload', ours: 'ours', peer: 'peer', result: 'result', target: 'target', verdict: '' };
  const lines = [head, ...rows.map(cellsOf)];
  const columns = /** @type {const} */ (['work', 'ours', 'peer', 'result', 'target', 'verdict']);
  const widths = columns.map((column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      columns
        .map((column, index) => line[column].padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * A package's section of docs/benchmarks.md.
 *
 * @param {string} packageName
 * @param {readonly Row[]} rows
 * @param {RunConditions} conditions
 */
export function markdownSection(packageName, rows, { date, machine, versions }) {
  const head = ['workload', 'ours', 'peer', 'result', 'target', 'holds', 'equality, or what was read'];
  const body = rows.map((row) => {
    const cells = cellsOf(row);
    return [cells.work, cells.ours, cells.peer, cells.result, cells.target, cells.verdict, cells.checked];
  });
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.map(escapeCell).join(' | ')} |`);
  return [`## ${packageName}`, '', `Measured on ${date}: ${machine}; ${versions}.`, '', ...lines, ''].join('\n');
}

const PREAMBLE = `# Benchmarks

Written by \`npm run bench\`; a run of one package rewrites its section alone. Each comparison first checks that both sides give
the same result, then runs them in turn in one process; numbers are medians with their range in brackets, and the ratio is that
of the medians. Machines are noisy: quote a ratio, never a single time. The same as data is in \`docs/benchmarks/\`.
`;

/**
 * Puts a package's section in the place of its old one, or in its place by name; other sections stay as they are.
 *
 * @param {string} document the file as it is, empty when there is none
 * @param {string} packageName
 * @param {string} section
 */
export function replaceSection(document, packageName, section) {
  const sections = new Map(
    document
      .split(/^(?=## )/m)
      .filter((part) => part.startsWith('## '))
      .map((part) => [part.slice(3, part.indexOf('\n')).trim(), part.trimEnd()]),
  );
  sections.set(packageName, section.trimEnd());
  const sorted = [...sections].sort(([a], [b]) => a.localeCompare(b, 'en')).map(([, text]) => text);
  return `${[PREAMBLE.trimEnd(), ...sorted].join('\n\n')}\n`;
}

/**
 * A row as it is kept in docs/benchmarks/<package>.json: medians, with the ranges beside them.
 *
 * @param {Row} row
 */
export function rowAsData(row) {
  if ('error' in row || 'unit' in row) return row;
  const { workload, size, ours, peer, ratio, metric, target, holds, checked } = row;
  const peerData = peer.absent !== undefined ? peer : { name: peer.name, version: peer.version, ...sideAsData(peer) };
  return { workload, size, ours: sideAsData(ours), peer: peerData, ratio, metric, target, holds, checked };
}

/** @param {SideSpreads} side */
function sideAsData({ cpuMs, wallMs, peakRssMb }) {
  const range = (/** @type {Spread} */ { min, max }) => [min, max];
  return {
    cpuMs: cpuMs.median,
    wallMs: wallMs.median,
    peakRssMb: peakRssMb.median,
    ranges: { cpuMs: range(cpuMs), wallMs: range(wallMs), peakRssMb: range(peakRssMb) },
  };
}

/**
 * @param {Row} row
 * @returns {Cells}
 */
function cellsOf(row) {
  const work = `${row.workload}, ${row.size}`;
  if ('error' in row) {
    const checked = row.error.split('\n')[0] ?? '';
    return { work, ours: '', peer: '', result: 'failed', target: '', verdict: 'FAILED', checked };
  }
  const target = formatTarget(row.target);
  const verdict = row.holds === undefined ? '' : row.holds ? 'yes' : 'NO';
  if ('unit' in row) {
    return {
      work,
      ours: '',
      peer: '',
      result: `${number(row.value)} ${row.unit}`,
      target,
      verdict,
      checked: row.checked,
    };
  }
  const { peer } = row;
  const label = [peer.name, peer.version].filter(Boolean).join(' ');
  return {
    work,
    ours: formatSide(row.ours),
    peer: peer.absent !== undefined ? `${label} absent: ${peer.absent}` : `${label}: ${formatSide(peer)}`,
    result: row.ratio === undefined ? 'no ratio' : `${number(row.ratio)}x (${BETTER[row.metric]})`,
    target,
    verdict,
    checked: row.checked,
  };
}

/** @param {SideSpreads} side */
function formatSide({ cpuMs, wallMs, peakRssMb }) {
  return `CPU ${formatSpread(cpuMs)} ms, wall ${formatSpread(wallMs)} ms, ${number(peakRssMb.median)} MB`;
}

/** @param {Spread} spread */
function formatSpread({ median, min, max }) {
  return `${number(median)} [${number(min)}–${number(max)}]`;
}

/** @param {import('./workload.mjs').Target | undefined} target */
function formatTarget(target) {
  const bounds = [];
  if (target?.atLeast !== undefined) bounds.push(`≥ ${target.atLeast}`);
  if (target?.atMost !== undefined) bounds.push(`≤ ${target.atMost}`);
  return bounds.join(', ');
}

/**
 * Three significant digits, whole numbers from 100 on.
 *
 * @param {number} value
 */
function number(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** @param {string} text */
function escapeCell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
