// Fills a ledger with decisions, past the rails, which would rightly refuse a million: node fill-ledger.child.mjs <folder> <count> <ipv4|ipv6>
// The networks are those of networks.mjs.
import { LogWriter } from '@tenstrip/shared-core/durable-log';
import { logFolder, openSigner } from '../dist/ledger/index.js';
import { encodeEntry, saltBytes } from '../dist/ledger/ledger-entry.js';
import { networks } from './networks.mjs';

const [folder, count, family] = process.argv.slice(2);
const origin = 'tenstrip/autoblocker-ledger';
const { getRandomValues } = globalThis.crypto;
const entropy = (length) => getRandomValues.call(globalThis.crypto, new Uint8Array(length));
const { signer } = await openSigner({ folder, origin, signer: undefined, passphrase: undefined, entropy });
const log = await LogWriter.open({ folder: logFolder(folder), origin, signer, durability: 'os' });
const time = Date.now();
let entries = [];
for (const { text, isHost } of networks(Number(count), family)) {
  const entry = {
    class: 'decision',
    fact: {
      time,
      recordedAt: time,
      action: 'ban',
      domains: 'all',
      origin: 'person',
      scenario: { name: 'bench/list', version: '1.0.0' },
      from: time,
      until: time + 86_400_000,
      score: 1,
      eventCount: 0,
      held: 'active',
    },
    personal: {
      evidence: [],
      target: isHost ? { kind: 'ip', value: text.slice(0, text.indexOf('/')) } : { kind: 'range', value: text },
      reason: 'on a list',
    },
  };
  entries.push(encodeEntry(entry, entropy(saltBytes)));
  if (entries.length < 5000) continue;
  await log.appendAll(entries);
  entries = [];
}
await log.appendAll(entries);
await log[Symbol.asyncDispose]();
