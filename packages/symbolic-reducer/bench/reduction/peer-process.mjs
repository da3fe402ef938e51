// A peer that stays at work in a process of its own and answers one line for each line.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts it; `ask` gives `undefined` when no answer comes in time, and ends it then. */
export function startPeerProcess(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const stop = () => {
    child.kill('SIGKILL');
  };
  const line = async (limitMs) => {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    const answer = await Promise.race([lines.next().then(({ value }) => value), late]);
    clearTimeout(timer);
    if (answer === undefined) stop();
    return answer;
  };
  return {
    line,
    async ask(question, limitMs = 300_000) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await line(limitMs);
      return answer === undefined ? undefined : JSON.parse(answer);
    },
    stop,
  };
}
