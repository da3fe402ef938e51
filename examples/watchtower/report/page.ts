// report.html: one file that needs no network. Its policy allows the two scripts and the one style by their hashes and
// nothing else, so that no text out of a log can run even if it were not escaped.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TenstripError } from '@tenstrip/shared-core';
import type { RunSummary } from '../run-summary';
import { actorSections } from './actor-section';
import { html, jsonForScript, Markup } from './markup';
import { overview } from './overview';
import { timelineOf } from './timeline';

/** Writes the page of a run to `summary.report`. @throws TenstripError `ReportUnwritable` */
export async function writeReport(summary: RunSummary): Promise<void> {
  const style = await readFile(join(__dirname, 'page.css'), 'utf8');
  const chart = await readFile(require.resolve('echarts/dist/echarts.common.min.js'), 'utf8');
  const script = await readFile(join(__dirname, 'timeline.client.js'), 'utf8');
  const page = pageOf(summary, { style, scripts: [chart, script] }).text;
  await writeFile(summary.report, page).catch((cause: NodeJS.ErrnoException) => {
    throw new TenstripError(
      'ReportUnwritable',
      `Cannot write the report to ${summary.report} (${cause.code}); the ledger is complete. Name another file with --report.`,
      { details: { report: summary.report }, cause },
    );
  });
}

/** The parts of a page that are not made from a run. */
interface PageParts {
  readonly style: string;
  /** In order: the chart library, then the program that draws with it. */
  readonly scripts: readonly string[];
}

function pageOf(summary: RunSummary, { style, scripts }: PageParts): Markup {
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(sourceHash).join(' ')}`,
    `style-src ${sourceHash(style)}`,
    "img-src data:; base-uri 'none'; form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>watchtower report</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${overview(summary)}
${actorSections(summary)}
</main>
<script type="application/json" id="timeline-data">${jsonForScript(timelineOf(summary.blocked))}</script>
${scripts.map((script) => html`<script>${new Markup(script)}</script>`)}
</body>
</html>
`;
}

function sourceHash(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
}
