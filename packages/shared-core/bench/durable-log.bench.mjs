// The durable log beside embedded stores that keep the same records, each append acknowledged when it is on the disk.
// Records of 200 bytes, 512 appends in flight; ours also hashes every record into the tree, writes tiles and signs a
// checkpoint for every commit. All stores lie in one folder, so that they share a disk: the repository's, since the folder
// for temporary files may be in memory, where a sync costs nothing.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSigner, createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { LogReader, LogWriter, SegmentedLog } from '@tenstrip/shared-core/durable-log';
import {
  leafHash,
  parseSignedCheckpoint,
  SignatureType,
  verifierKey,
  verifyInclusion,
  verifyNoteSignature,
} from '@tenstrip/shared-core/transparency';

const recordBytes = 200;
const inFlight = 512;
const origin = 'bench.example/log';
const signer = createSigner(new Uint8Array(32).fill(1));

/** The same records for everybody: pseudo-random bytes, their number in front. */
function makeRecords(count) {
  const bytes = Buffer.alloc(count * recordBytes);
  let state = 1;
  for (let at = 0; at < bytes.length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return Array.from({ length: count }, (_, index) => {
    const record = bytes.subarray(index * recordBytes, (index + 1) * recordBytes);
    record.writeUInt32LE(index, 0);
    return record;
  });
}

/** Calls `append` for every record, `inFlight` calls at a time; resolves when all were acknowledged. */
async function appendAll(records, append) {
  let next = 0;
  const client = async () => {
    while (next < records.length) {
      const index = next++;
      await append(records[index], index);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
}

function temporaryFolder() {
  const stores = fileURLToPath(new URL('../../../node_modules/.cache/stores/', import.meta.url));
  mkdirSync(stores, { recursive: true });
  return mkdtempSync(stores);
}

/** A folder for the span of `work`, which gets a path that does not exist yet. */
async function inFolder(work) {
  const folder = temporaryFolder();
  try {
    return await work(join(folder, 'store'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// ------------------------------------------------------------------------------------------------------------- sides

/**
 * Gives every run a folder of its own, removed when the comparison is over: nobody removes a log in order to append to
 * another one, and some file systems (ext4 without a journal) make files several times more slowly after a removal.
 * Needs up to 3 GB of disk.
 */
function runFolders() {
  const root = temporaryFolder();
  let runs = 0;
  return { next: () => join(root, `${runs++}`), remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Opens a log, appends, closes it; what `readBack` finds is compared with the peer's. */
function logSide(folders, records, readBack) {
  return {
    async run() {
      const log = await LogWriter.open({ folder: folders.next(), origin, signer });
      await appendAll(records, (entry) => log.append({ entry }));
      const found = readBack.wanted
        ? await digestOf(log.reader.entries(0n, log.reader.size), ({ entry }) => entry)
        : '';
      if (readBack.wanted) await checkProofs(log.reader);
      await log[Symbol.asyncDispose]();
      return { count: records.length, digest: found };
    },
  };
}

async function digestOf(items, bytesOf) {
  const sums = [];
  for await (const item of items) sums.push(Buffer.from(sha256(bytesOf(item))));
  return Buffer.from(sha256(Buffer.concat(sums.sort(Buffer.compare)))).toString('hex');
}

/** Every 997th entry has a proof that leads to a root under our signature. */
async function checkProofs(reader) {
  const { checkpoint, note } = parseSignedCheckpoint(reader.checkpoint);
  const key = verifierKey(origin, SignatureType.ed25519, signer.publicKey, sha256);
  const { verify } = createVerifier();
  if (!verifyNoteSignature(note.text, note.signatures[0], key, verify)) throw new Error('the checkpoint is not signed');
  for (let index = 0n; index < checkpoint.size; index += 997n) {
    const leaf = leafHash((await reader.entry(index)).entry, sha256);
    const proof = await reader.proveInclusion(index);
    if (!verifyInclusion(index, checkpoint.size, leaf, proof, checkpoint.root, sha256))
      throw new Error(`entry ${index}`);
  }
}

/** @param {(folder: string, records: Buffer[], wanted: boolean) => Promise<string>} store */
function storeSide(folders, records, readBack, store) {
  return {
    run: async () => ({ count: records.length, digest: await store(folders.next(), records, readBack.wanted) }),
  };
}

/** A put resolves when it is committed; `flushed` when it is on the disk too. */
const lmdbStore = (lmdb) => async (folder, records, wanted) => {
  const database = lmdb.open({ path: folder, keyEncoding: 'uint32', encoding: 'binary' });
  await appendAll(records, async (record, index) => {
    await database.put(index, record);
    await database.flushed;
  });
  const digest = wanted ? await digestOf(database.getRange(), ({ value }) => value) : '';
  await database.close();
  return digest;
};

const levelStore = (level) => async (folder, records, wanted) => {
  const database = openLevel(level, folder);
  await appendAll(records, (record, index) => database.put(index, record, { sync: true }));
  return closeLevel(database, wanted);
};

/** What a careful user writes: collects what comes while a synced batch is under way. */
const batchedLevelStore = (level) => async (folder, records, wanted) => {
  const database = openLevel(level, folder);
  let waiting = [];
  let running = false;
  const drain = async () => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await database.batch(
        batch.map(({ index, record }) => ({ type: 'put', key: index, value: record })),
        { sync: true },
      );
      for (const { done } of batch) done();
      await new Promise(setImmediate);
    }
    running = false;
  };
  await appendAll(records, (record, index) => {
    const { promise, resolve } = withResolver();
    waiting.push({ index, record, done: resolve });
    if (!running) drain();
    return promise;
  });
  return closeLevel(database, wanted);
};

function withResolver() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function openLevel({ ClassicLevel }, folder) {
  const keyEncoding = {
    name: 'uint32-be',
    format: 'buffer',
    encode: (number) => {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeUInt32BE(number);
      return bytes;
    },
    decode: (bytes) => bytes.readUInt32BE(),
  };
  return new ClassicLevel(folder, { keyEncoding, valueEncoding: 'buffer', compression: false });
}

async function closeLevel(database, wanted) {
  const digest = wanted ? await digestOf(database.values(), (value) => value) : '';
  await database.close();
  return digest;
}

// --------------------------------------------------------------------------------------------------------- workloads

async function peer(name, side) {
  try {
    const module = await import(name);
    const { version } = JSON.parse(
      readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), 'utf8'),
    );
    return { name, version, ...side(module) };
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return { name, absent: 'not installed: npm ci in packages/shared-core/bench' };
  }
}

function comparison({ workload, name, label, store, count, target }) {
  return {
    workload,
    size: `${recordBytes}-byte records, ${inFlight} in flight`,
    metric: 'speedup',
    ...(target === undefined ? {} : { target }),
    async prepare({ quick }) {
      const records = makeRecords(quick ? Math.ceil(count / 5) : count);
      const readBack = { wanted: true };
      const folders = runFolders();
      const side = await peer(name, (module) => storeSide(folders, records, readBack, store(module)));
      return {
        ours: logSide(folders, records, readBack),
        dispose: folders.remove,
        peer: side.absent === undefined ? { ...side, name: label } : side,
        check(ours, theirs) {
          if (ours.digest !== theirs.digest) throw new Error('the stores hold different records');
          readBack.wanted = false; // reading back is not what is timed
          return `both read back the same ${ours.count} records; proofs and signature of ours verified`;
        },
      };
    },
  };
}

/** Latency of one append under load, from call to acknowledgement. */
async function medianLatencyMs(count) {
  return inFolder(async (folder) => {
    const log = await LogWriter.open({ folder, origin, signer });
    const records = makeRecords(count);
    const times = new Float64Array(count);
    await appendAll(records, async (entry, index) => {
      const start = performance.now();
      await log.append({ entry });
      times[index] = performance.now() - start;
    });
    const covered = log.reader.size;
    await log[Symbol.asyncDispose]();
    if (covered !== BigInt(count)) throw new Error(`the checkpoint covers ${covered} entries`);
    return times.sort()[count >> 1];
  });
}

async function recoverySeconds(count) {
  return inFolder(async (folder) => {
    const log = await LogWriter.open({ folder, origin, signer });
    const records = makeRecords(4_096);
    for (let done = 0; done < count; done += records.length) {
      await log.appendAll(records.map((entry) => ({ entry })));
    }
    const { checkpoint } = log.reader;
    await log[Symbol.asyncDispose]();
    rmSync(join(folder, 'boot-id')); // as after a restart of the machine: everything is read and hashed again
    const start = performance.now();
    const again = await LogWriter.open({ folder, origin, signer });
    const seconds = (performance.now() - start) / 1000;
    if (again.reader.checkpoint !== checkpoint) throw new Error('another checkpoint came back');
    await again[Symbol.asyncDispose]();
    return seconds;
  });
}

async function auditSeconds(count) {
  return inFolder(async (folder) => {
    const log = await LogWriter.open({ folder, origin, signer });
    const records = makeRecords(4_096);
    for (let done = 0; done < count; done += records.length) {
      await log.appendAll(records.map((entry) => ({ entry })));
    }
    await log[Symbol.asyncDispose]();
    const reader = await LogReader.open(folder);
    const start = performance.now();
    for await (const { problem } of reader.verify({ publicKey: signer.publicKey })) throw new Error(problem.message);
    return (performance.now() - start) / 1000;
  });
}

async function journalMicrosPerRecord(count) {
  return inFolder(async (folder) => {
    const records = makeRecords(count);
    const journal = await SegmentedLog.open(folder);
    const start = performance.now();
    await appendAll(records, (record) => journal.append(record));
    const micros = ((performance.now() - start) * 1000) / count;
    let read = 0;
    for await (const record of journal.records()) if (record.length === recordBytes) read++;
    await journal[Symbol.asyncDispose]();
    if (read !== count) throw new Error(`${read} records came back`);
    return micros;
  });
}

export default [
  comparison({
    workload: 'LogWriter.append with proofs and signature, beside lmdb put + flushed without',
    name: 'lmdb',
    label: 'lmdb (put + flushed)',
    store: lmdbStore,
    count: 100_000,
    target: { atLeast: 0.5 },
  }),
  comparison({
    workload: 'LogWriter.append with proofs and signature, beside synced puts of classic-level',
    name: 'classic-level',
    label: 'classic-level (put, sync: true)',
    store: levelStore,
    count: 20_000,
    target: { atLeast: 2.5 },
  }),
  comparison({
    workload: 'LogWriter.append with proofs and signature, beside synced batches made by hand for classic-level',
    name: 'classic-level',
    label: 'classic-level (hand-made batches, sync: true)',
    store: batchedLevelStore,
    count: 100_000,
  }),
  {
    workload: 'LogWriter.append, median latency, 512 in flight',
    size: '100,000 entries',
    unit: 'ms',
    target: { atMost: 5 },
    measure: async ({ quick }) => ({
      value: await medianLatencyMs(quick ? 20_000 : 100_000),
      checked: 'call to acknowledgement; the last checkpoint covers all entries',
    }),
  },
  {
    workload: 'LogWriter.open after a restart of the machine (every entry read and hashed again)',
    size: '1,048,576 entries (131,072 with --quick)',
    unit: 's',
    target: { atMost: 15 },
    measure: async ({ quick }) => ({
      value: await recoverySeconds(quick ? 2 ** 17 : 2 ** 20),
      checked: 'the same checkpoint came back',
    }),
  },
  {
    workload: 'LogReader.verify of a whole log',
    size: '262,144 entries (65,536 with --quick)',
    unit: 's',
    measure: async ({ quick }) => ({
      value: await auditSeconds(quick ? 2 ** 16 : 2 ** 18),
      checked: 'no problem found, signatures of all checkpoints verified',
    }),
  },
  {
    workload: 'SegmentedLog.append, 512 in flight',
    size: '100,000 records',
    unit: 'us per record',
    measure: async ({ quick }) => ({
      value: await journalMicrosPerRecord(quick ? 20_000 : 100_000),
      checked: 'all records read back',
    }),
  },
];
