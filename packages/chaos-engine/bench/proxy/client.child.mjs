// The client of the proxies, as a process of its own. Takes one job at a time from its parent and tells what came of it.
import { createHash } from 'node:crypto';
import { connect } from 'node:net';

const buffer = Buffer.alloc(1_048_576);

/** Downloads so many bytes; counts them, and hashes them where that is asked for. */
function download({ port, bytes, hash }) {
  const digest = hash ? createHash('sha256') : undefined;
  let got = 0;
  return new Promise((resolve, reject) => {
    const onread = {
      buffer,
      callback(length, read) {
        got += length;
        digest?.update(read.subarray(0, length));
        return true;
      },
    };
    const socket = connect({ host: '127.0.0.1', port, onread });
    socket.on('error', reject).on('close', () => resolve({ bytes: got, sha256: digest?.digest('hex') }));
    socket.write(`${bytes}\n`);
  });
}

/** Sends a message and waits for all of it to come back, so many times, with pauses of `pauseMs` or none. */
function roundTrips({ port, count, size, pauseMs = 0 }) {
  const message = Buffer.alloc(size, 'x');
  const delays = [];
  let [left, got, begun] = [count, 0, 0];
  return new Promise((resolve, reject) => {
    const send = () => {
      begun = performance.now();
      socket.write(message);
    };
    const onread = {
      buffer,
      callback(length) {
        got += length;
        if (got % size !== 0) return true;
        delays.push(performance.now() - begun);
        if (--left === 0) socket.end();
        else if (pauseMs > 0) setTimeout(send, pauseMs);
        else send();
        return true;
      },
    };
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread }, send);
    socket.on('error', reject).on('close', () => {
      delays.sort((a, b) => a - b);
      resolve({ bytes: got, medianMs: delays[delays.length >> 1] });
    });
  });
}

/** Opens a connection, sends and gets a message, closes it; so many times, 50 at once. */
async function connections({ port, count }) {
  let bytes = 0;
  const one = async () => {
    const result = await roundTrips({ port, count: 1, size: 64 });
    bytes += result.bytes;
  };
  for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, one));
  return { bytes };
}

const jobs = { download, roundTrips, connections };
process.on('message', ({ job, ...options }) => {
  jobs[job](options).then(
    (result) => process.send?.({ result }),
    (error) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
