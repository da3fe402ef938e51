// What a rule is and what it finds: a place, what is wrong there, what to do.

/** @typedef {{ file: string, line?: number, message: string, advice: string }} Finding `file` is relative to the root */

/**
 * @typedef {object} Rule
 * @property {string} name
 * @property {string} summary what holds when nothing is found
 * @property {(root: string) => Promise<Finding[]>} find
 */

/**
 * @param {Finding} finding
 * @returns {string} `file:line: message. What to do.`
 */
export function formatFinding({ file, line, message, advice }) {
  return `${file}${line === undefined ? '' : `:${line}`}: ${message}\n    ${advice}`;
}
