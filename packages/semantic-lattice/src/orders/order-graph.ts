// The pairs that generate an order, as lists of neighbours, and which nodes a change concerns. An element is whatever is in a pair.

/** Which way an order is read. */
export type Direction = 'up' | 'down';

/** Told of every change, with the node whose reach it changes. */
export interface GraphReader {
  readonly direction: Direction;
  nodeAdded(node: number): void;
  /** The nodes beyond `node` are other ones now. */
  reachChanged(node: number): void;
}

/** A directed graph over nodes 0, 1, …; an edge leads from the lower to the higher. Nodes are never renumbered. */
export class OrderGraph {
  readonly #upper: number[][] = [];
  readonly #lower: number[][] = [];
  /** Pairs that a node is in: at zero it is no element. */
  readonly #pairs: number[] = [];
  readonly #readers: GraphReader[] = [];
  #elements = 0;

  /** Nodes ever made. */
  get nodes(): number {
    return this.#pairs.length;
  }

  /** Nodes that are in a pair. */
  get elements(): number {
    return this.#elements;
  }

  addReader(reader: GraphReader): void {
    for (let node = 0; node < this.nodes; node += 1) reader.nodeAdded(node);
    this.#readers.push(reader);
  }

  addNode(): number {
    const node = this.#pairs.push(0) - 1;
    this.#upper.push([]);
    this.#lower.push([]);
    for (const reader of this.#readers) reader.nodeAdded(node);
    return node;
  }

  isElement(node: number): boolean {
    return this.#pairs[node]! > 0;
  }

  neighbours(node: number, direction: Direction): readonly number[] {
    return (direction === 'up' ? this.#upper : this.#lower)[node]!;
  }

  /** Adds a pair that is not there. */
  addEdge(low: number, high: number): void {
    this.#count(low, 1);
    this.#count(high, 1);
    if (low === high) return;
    this.#upper[low]!.push(high);
    this.#lower[high]!.push(low);
    this.#tell(low, high);
  }

  /** Takes away a pair that is there. */
  removeEdge(low: number, high: number): void {
    this.#count(low, -1);
    this.#count(high, -1);
    if (low === high) return;
    remove(this.#upper[low]!, high);
    remove(this.#lower[high]!, low);
    this.#tell(low, high);
  }

  #count(node: number, change: 1 | -1): void {
    const before = this.#pairs[node]!;
    this.#pairs[node] = before + change;
    if (before === 0) this.#elements += 1;
    else if (before + change === 0) this.#elements -= 1;
  }

  #tell(low: number, high: number): void {
    for (const reader of this.#readers) reader.reachChanged(reader.direction === 'up' ? low : high);
  }
}

function remove(list: number[], value: number): void {
  const last = list.pop()!;
  if (last === value) return;
  list[list.indexOf(value)] = last;
}
