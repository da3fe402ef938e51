export { type DirectedGraph, directedGraph } from './directed-graph.js';
export { findCycle, topologicalOrder } from './topological-order.js';
