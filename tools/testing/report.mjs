// Reads what Vitest reported and says it in a few lines, the last of which is `N passed, N failed[, N skipped]`.
// Whatever keeps tests from running (a file that does not load, a crash, no tests at all) counts as failed.

/** @typedef {{ fullName: string, status: string }} TestResult */
/** @typedef {{ name: string, status: string, message?: string, assertionResults: TestResult[] }} FileResult */
/** @typedef {{ testResults: FileResult[] }} VitestReport the JSON reporter's output, as far as it is read here */
/** @typedef {{ file: string, reason: string }} SkipReason */
/** @typedef {{ file: string, reason: string, tests: string[] }} SkippedTests */
/** @typedef {{ passed: number, failed: number, skipped: SkippedTests[], problems: string[] }} Verdict */

/**
 * Counts results and joins skipped tests with their reasons.
 *
 * @param {VitestReport | undefined} report nothing when Vitest wrote none
 * @param {number} exitCode Vitest's
 * @param {readonly SkipReason[]} reasons
 * @returns {Verdict}
 */
export function judge(report, exitCode, reasons) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const problems = files
    .filter(didNotLoad)
    .map((file) => `${file.name} did not load, or its set-up failed: ${firstLine(file.message) || 'shown above'}`);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failed = tests.filter(({ status }) => status === 'failed').length;
  if (report === undefined) problems.push(`vitest ended with code ${exitCode} and wrote no report`);
  else if (passed + failed + problems.length === 0) problems.push('no test ran: no file or name matches');
  else if (exitCode !== 0 && failed + problems.length === 0) {
    problems.push(`vitest ended with code ${exitCode}: an error outside of any test, shown above`);
  }
  return { passed, failed: failed + problems.length, skipped: skippedTests(files, reasons), problems };
}

/** @param {FileResult} file */
function didNotLoad(file) {
  return file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');
}

/** @param {string | undefined} text */
function firstLine(text) {
  return (text ?? '').trim().split('\n')[0] ?? '';
}

/**
 * @param {readonly FileResult[]} files
 * @param {readonly SkipReason[]} reasons
 * @returns {SkippedTests[]}
 */
function skippedTests(files, reasons) {
  return files
    .map(({ name, assertionResults }) => ({
      file: name,
      reason: reasonOf(name, reasons),
      tests: assertionResults
        .filter(({ status }) => status !== 'passed' && status !== 'failed')
        .map(({ fullName }) => fullName),
    }))
    .filter(({ tests }) => tests.length > 0);
}

/**
 * @param {string} file
 * @param {readonly SkipReason[]} reasons
 */
function reasonOf(file, reasons) {
  const own = new Set(reasons.filter((reason) => reason.file === file).map(({ reason }) => reason));
  return own.size === 0
    ? 'no reason given but the test’s own name: name one with tools/test-requirements.mjs'
    : [...own].join('; ');
}

/**
 * The verdict for people, its last line for programs.
 *
 * @param {Verdict} verdict
 * @param {string} root taken off the front of file names
 */
export function formatVerdict({ passed, failed, skipped, problems }, root) {
  const count = skipped.reduce((sum, { tests }) => sum + tests.length, 0);
  const lines = [];
  if (count > 0) lines.push('', `Skipped (${count}):`, ...skipped.flatMap((entry) => formatSkipped(entry, root)));
  if (problems.length > 0) lines.push('', 'Failed outside of a test:', ...problems.map((problem) => `  ${problem}`));
  lines.push('', `${passed} passed, ${failed} failed${count > 0 ? `, ${count} skipped` : ''}`);
  return lines.join('\n');
}

/**
 * @param {SkippedTests} skipped
 * @param {string} root
 */
function formatSkipped({ file, reason, tests }, root) {
  return [`  ${file.replace(`${root}/`, '')}`, `    ${reason}`, ...tests.map((test) => `    - ${test}`)];
}
