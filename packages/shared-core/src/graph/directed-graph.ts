// A directed graph as compressed sparse rows: the successors of node v are successors[offsets[v] .. offsets[v + 1]).

/** A directed graph with nodes `0 .. nodeCount - 1`, in compressed sparse rows. */
export interface DirectedGraph {
  readonly nodeCount: number;
  /** Length `nodeCount + 1`; where each node's successors begin. */
  readonly offsets: Uint32Array;
  /** All successors, row after row, in the order in which the edges were given. */
  readonly successors: Uint32Array;
}

/**
 * Builds a {@link DirectedGraph}; parallel edges and self-loops are kept. O(V + E).
 *
 * @throws RangeError when an edge names a node outside `0 .. nodeCount - 1`.
 */
export function directedGraph(nodeCount: number, edges: Iterable<readonly [from: number, to: number]>): DirectedGraph {
  if (!Number.isInteger(nodeCount) || nodeCount < 0 || nodeCount > 0xffff_fffe) {
    throw new RangeError(`nodeCount is ${nodeCount}; expected an integer from 0 to 2^32 - 2`);
  }
  const list = Array.isArray(edges) ? (edges as readonly (readonly [number, number])[]) : [...edges];
  const offsets = new Uint32Array(nodeCount + 1);
  for (const [from, to] of list) {
    checkNode(from, nodeCount);
    checkNode(to, nodeCount);
    offsets[from + 1]!++;
  }
  for (let node = 0; node < nodeCount; node++) offsets[node + 1]! += offsets[node]!;
  const next = offsets.slice();
  const successors = new Uint32Array(list.length);
  for (const [from, to] of list) successors[next[from]!++] = to;
  return { nodeCount, offsets, successors };
}

function checkNode(node: number, nodeCount: number): void {
  if (!Number.isInteger(node) || node < 0 || node >= nodeCount) {
    throw new RangeError(`an edge names node ${node}; the graph has nodes 0 to ${nodeCount - 1}`);
  }
}
