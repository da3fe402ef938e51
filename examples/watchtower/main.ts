// Watchtower reads logs, finds attackers, decides whom to block, records it in a provable ledger and shows the result.
// This file is the whole program from above: the command line chooses a command, a command returns its exit code.

import { type Command, parseCommandLine, usage } from './command-line';
import { explainDecision } from './explain';
import { exitCodeOf, reportFailure } from './failure';
import { interruptible } from './interrupt';
import { reportRules } from './rules';
import { verifyFolder } from './verify';
import { watch } from './watch';

async function main(args: readonly string[]): Promise<number> {
  let json = args.includes('--json');
  try {
    const command = parseCommandLine(args);
    json = 'json' in command && command.json;
    return await interruptible((signal) => runCommand(command, signal));
  } catch (error) {
    reportFailure(error, json);
    return exitCodeOf(error);
  }
}

async function runCommand(command: Command, signal: AbortSignal): Promise<number> {
  switch (command.name) {
    case 'help':
      process.stdout.write(usage);
      return 0;
    case 'watch':
      return watch(command, signal);
    case 'verify':
      return verifyFolder(command, signal);
    case 'explain':
      return explainDecision(command);
    case 'rules':
      return reportRules(command);
  }
}

// A closed pipe (`npm start | head`) ends the output, not the program: the ledger is still flushed.
process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
