// Reduces in a worker thread until the operation is stopped, and says what ended it.
import { parentPort, workerData } from 'node:worker_threads';
import { workerOperation } from '@tenstrip/shared-core';
import { ExpressionStore, normalForm, parseText } from '@tenstrip/symbolic-reducer';

const operation = workerOperation(workerData);
const store = new ExpressionStore();
const start = parseText(store, '((a+b+c+d+e+1)^40+a)/((a+b+c+d+e+1)^39+b)');
parentPort.postMessage('begun');
try {
  normalForm(store, start, { operation, maxTerms: 2 ** 26 });
  parentPort.postMessage('finished');
} catch (error) {
  parentPort.postMessage(error.code);
}
