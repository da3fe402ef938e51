// One of the systems of npm as a peer, in a process of its own: it may hang. A line of input is a JSON list of texts; a line of output
// says the milliseconds of CPU time and the results.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);

/** What each has for: parse, bring to one fraction of polynomials, cancel, print. */
const systems = {
  mathjs() {
    const math = require('mathjs');
    return (text) => math.rationalize(text).toString();
  },
  algebrite() {
    const algebrite = require('algebrite');
    return (text) => algebrite.run(`simplify(${text})`).toString();
  },
  nerdamer() {
    const nerdamer = require('nerdamer');
    require('nerdamer/Algebra.js');
    return (text) => nerdamer(`simplify(${text})`).toString();
  },
};

const reduced = systems[process.argv[2]]();
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const results = JSON.parse(line).map(reduced);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ ms: (user + system) / 1_000, results })}\n`);
}
