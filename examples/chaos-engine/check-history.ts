// A small key-value service with a cache that is not told of every write: its users record what they saw, and the checker shows
// which of it cannot have been. Run it with `npx ts-node examples/chaos-engine/check-history.ts`; with a file as argument it
// judges that one (JSON, or a log of Jepsen's register tests).
import { readFileSync } from 'node:fs';
import {
  casRegisterModel,
  checkLinearizable,
  HistoryRecorder,
  type KeyValueOperation,
  keyValueModel,
  parseHistoryJson,
  parseJepsenLog,
} from '@tenstrip/chaos-engine';

/** Two replicas; a write reaches the second one later, unless that is asked for. */
class Store {
  readonly #replicas = [new Map<string, string>(), new Map<string, string>()];
  readonly #waitsForBoth: boolean;

  constructor(waitsForBoth: boolean) {
    this.#waitsForBoth = waitsForBoth;
  }

  async put(key: string, value: string): Promise<void> {
    await turn();
    this.#replicas[0]!.set(key, value);
    const copied = turn(3).then(() => this.#replicas[1]!.set(key, value));
    if (this.#waitsForBoth) await copied;
  }

  /** From the replica that is nearer to the one who asks; the first one when that is to be safe. */
  async get(key: string, nearest: number): Promise<string | null> {
    await turn();
    return this.#replicas[this.#waitsForBoth ? 1 : nearest]!.get(key) ?? null;
  }
}

async function main(): Promise<void> {
  const [file] = process.argv.slice(2);
  if (file !== undefined) {
    judgeFile(file);
    return;
  }
  for (const waitsForBoth of [true, false]) {
    const store = new Store(waitsForBoth);
    const recorder = new HistoryRecorder<KeyValueOperation, string | null>();
    const put = (who: string, key: string, value: string) =>
      recorder.record(who, { f: 'put', key, value }, async () => {
        await store.put(key, value);
        return null;
      });
    const get = (who: string, key: string, nearest: number) =>
      recorder.record(who, { f: 'get', key }, () => store.get(key, nearest));
    const user = async (who: string, nearest: number) => {
      for (let round = 0; round < 3; round++) {
        await put(who, 'cart', `${who}${round}`);
        await get(who, 'cart', nearest);
        await get(who, 'price', nearest);
      }
    };
    await put('shop', 'price', '9.99');
    await Promise.all([user('ann', 0), user('bob', 1)]);

    const { verdict, partitions, failure } = checkLinearizable(keyValueModel(), recorder.history);
    console.log(`writes ${waitsForBoth ? 'wait for both replicas' : 'are copied later'}: ${verdict}`);
    for (const part of partitions) console.log(`  ${part.partition}: ${part.verdict}, ${part.operations} operations`);
    if (failure !== undefined) console.log(`\n${failure.text}`);
  }
}

function judgeFile(file: string): void {
  const text = readFileSync(file, 'utf8');
  const history = /^\s*[[{]/.test(text) ? parseHistoryJson(text) : parseJepsenLog(text);
  const report = checkLinearizable(casRegisterModel(), history as ReturnType<typeof parseJepsenLog>);
  console.log(`${history.length} operations: ${report.verdict}`);
  if (report.failure !== undefined) console.log(`\n${report.failure.text}`);
}

/** So many turns of the event loop. */
async function turn(count = 1): Promise<void> {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
}

void main();
