// A peer that stays at work in a process of its own and answers one line for each line.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** CPU time of a process so far, of all its threads; `undefined` where the system does not tell. */
function cpuMsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name in brackets: state is the third field, user and system time the 14th and 15th, in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

/** Starts it; `ask` gives `undefined` when no answer comes in time, and ends it then. */
export function startPeerProcess(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let spentMs;
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
    if (answer === undefined) {
      spentMs = cpuMsOf(child.pid);
      stop();
    }
    return answer;
  };
  return {
    line,
    async ask(question, limitMs = 300_000) {
      const before = cpuMsOf(child.pid);
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await line(limitMs);
      if (answer === undefined && spentMs !== undefined) spentMs -= before;
      return answer === undefined ? undefined : JSON.parse(answer);
    },
    /** CPU time that went into the question that got no answer in time, where the system tells. */
    spentMs: () => spentMs,
    stop,
  };
}
