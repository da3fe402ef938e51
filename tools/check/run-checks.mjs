// `npm run check [-- rule…]`: sets the clone up, runs every rule or the named ones, prints findings and a summary.
import { availableParallelism } from 'node:os';
import { repositoryRoot } from '../bootstrap/repository.mjs';
import { setUp } from '../bootstrap/set-up.mjs';
import { SetUpError } from '../bootstrap/set-up-error.mjs';
import { formatFinding } from './finding.mjs';
import { compile } from './rules/compile.mjs';
import { cycles } from './rules/cycles.mjs';
import { floors } from './rules/floors.mjs';
import { formatAndLint } from './rules/format-and-lint.mjs';
import { licenceFiles } from './rules/licence-files.mjs';
import { licences } from './rules/licences.mjs';
import { loading } from './rules/loading.mjs';
import { lockFile } from './rules/lock-file.mjs';
import { packaging } from './rules/packaging.mjs';
import { star } from './rules/star.mjs';
import { unused } from './rules/unused.mjs';

/** @typedef {import('./finding.mjs').Rule} Rule */
/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {{ rule: Rule, findings: Finding[], seconds: number }} Outcome */

/** The slow ones first, so that none of them is left alone at the end. */
const RULES = [
  packaging,
  compile,
  unused,
  loading,
  formatAndLint,
  star,
  floors,
  cycles,
  licences,
  licenceFiles,
  lockFile,
];

/**
 * Gives the exit code: 1 when a rule found something.
 *
 * @param {readonly string[]} names of rules; all when empty
 */
export async function runChecks(names) {
  const rules = chooseRules(names);
  await setUp();
  const outcomes = await findAll(rules, repositoryRoot, (outcome) => process.stdout.write(formatOutcome(outcome)));
  const total = outcomes.reduce((sum, { findings }) => sum + findings.length, 0);
  process.stdout.write(`\n${rules.length} rules, ${total} findings\n`);
  return total === 0 ? 0 : 1;
}

/** @param {readonly string[]} names */
function chooseRules(names) {
  const unknown = names.filter((name) => !RULES.some((rule) => rule.name === name));
  if (unknown.length > 0) {
    throw new SetUpError(`No rule is named ${unknown.join(', ')}. Rules: ${RULES.map(({ name }) => name).join(', ')}.`);
  }
  return names.length === 0 ? RULES : RULES.filter(({ name }) => names.includes(name));
}

/**
 * Runs the rules, as many at a time as there are cores (four at most); each outcome is told as it comes.
 *
 * @param {readonly Rule[]} rules
 * @param {string} root
 * @param {(outcome: Outcome) => void} tell
 */
async function findAll(rules, root, tell) {
  const waiting = [...rules];
  /** @type {Outcome[]} */
  const outcomes = [];
  const work = async () => {
    for (let rule = waiting.shift(); rule !== undefined; rule = waiting.shift()) {
      const started = performance.now();
      const findings = await rule.find(root);
      const outcome = { rule, findings, seconds: (performance.now() - started) / 1000 };
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return outcomes;
}

/** @param {Outcome} outcome */
function formatOutcome({ rule, findings, seconds }) {
  const verdict = findings.length === 0 ? 'ok  ' : 'FAIL';
  const lines = findings.map((finding) => `  ${formatFinding(finding)}\n`).join('');
  return `${verdict} ${rule.name} (${seconds.toFixed(1)} s): ${rule.summary}\n${lines}`;
}
