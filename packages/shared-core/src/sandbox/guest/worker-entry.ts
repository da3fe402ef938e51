// Entry of a worker isolate. The channel is the worker's port; payloads are the same as in a process isolate.
import { parentPort } from 'node:worker_threads';
import { Guest } from './guest.js';

const port = parentPort;
if (port === null) throw new Error('this module is the entry of a worker');
const guest = new Guest((payload) => port.postMessage(payload));
port.on('message', (payload: Uint8Array) => guest.receive(payload));
