/**
 * The ground floor of Tenstrip: what every engine needs and none should write again.
 *
 * @module
 */

// Borders
export * from './capabilities/index.js';
// Errors, graphs, configuration, logging, telemetry
export * from './config/index.js';
// Keys, hashes, proofs, the durable log
export * from './crypto/index.js';
// Time and chance
export * from './determinism/index.js';
export * from './durable-log/index.js';
export * from './errors/index.js';
// Governing work
export * from './governor/index.js';
export * from './graph/index.js';
export * from './logging/index.js';
// Plugins and strips
export * from './plugins/index.js';
export * from './sandbox/index.js';
export * from './telemetry/index.js';
export * from './transparency/index.js';
