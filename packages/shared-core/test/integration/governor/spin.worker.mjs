// A thread that works until it is stopped, and tells how often it passed a checkpoint.
import { parentPort, workerData } from 'node:worker_threads';
import { workerOperation } from '@tenstrip/shared-core';

const operation = workerOperation(workerData);
let passed = 0;
parentPort.postMessage('started');
try {
  for (;;) {
    for (const untilMs = performance.now() + 0.5; performance.now() < untilMs; );
    operation.checkpoint();
    if (++passed % 10 === 0) parentPort.postMessage(passed);
  }
} catch (error) {
  parentPort.postMessage(error.code);
}
