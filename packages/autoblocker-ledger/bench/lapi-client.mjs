// Asks the local API who is blocked, 16 requests at a time, and fails when an answer is not what it must be.
import { Agent, get } from 'node:http';

const [port, apiKey, count] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
let asked = 0;

function ask(number) {
  const network = number % 2 === 0 ? 11 : 12;
  const address = `${network}.0.${(number >>> 8) & 31}.${number & 255}`;
  const options = {
    port,
    agent,
    path: `/v1/decisions?ip=${address}`,
    headers: { 'x-api-key': apiKey, 'user-agent': 'tenstrip-bench/1' },
  };
  return new Promise((resolve, reject) => {
    const read = (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('end', () => {
        const right = network === 11 ? text.includes(`"value":"${address}"`) : text === 'null';
        if (right) resolve();
        else reject(new Error(`${address}: ${text}`));
      });
    };
    get(options, read).on('error', reject);
  });
}

async function askOn() {
  while (asked < Number(count)) {
    asked += 1;
    await ask(asked);
  }
}

await Promise.all(Array.from({ length: 16 }, askOn));
agent.destroy();
