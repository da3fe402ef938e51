// Walks over the graph below some expressions, each node once, without recursion.

import type { Budget } from '../budget/index.js';
import { invalidOption } from '../errors/index.js';
import type { ExpressionStore } from './expression-store.js';
import { type ExprId, NodeTable } from './store.js';

/**
 * All nodes below the roots and they themselves, each once, children before parents. O(nodes and edges).
 *
 * @param budget counts a step for each
 */
export function postorder(store: ExpressionStore, roots: readonly ExprId[], budget?: Budget): ExprId[] {
  requireStore(store);
  if (!Array.isArray(roots)) throw invalidOption('roots', roots, 'a list of expressions');
  for (const root of roots) store.requireNode(root);
  const state = new Map<ExprId, boolean>();
  const order: ExprId[] = [];
  const stack: ExprId[] = [...roots].reverse();
  while (stack.length > 0) {
    const id = stack[stack.length - 1]!;
    const done = state.get(id);
    if (done === undefined) {
      state.set(id, false);
      for (let at = store.childCount(id) - 1; at >= 0; at--) {
        const child = store.child(id, at);
        if (!state.has(child)) stack.push(child);
      }
    } else {
      stack.pop();
      if (!done) {
        budget?.step();
        state.set(id, true);
        order.push(id);
      }
    }
  }
  return order;
}

/** Refuses what is no store. @throws TenstripError `OptionsInvalid` @internal */
export function requireStore(store: ExpressionStore): void {
  if (!(store instanceof NodeTable)) throw invalidOption('store', store, 'an ExpressionStore');
}

/** Names of the symbols in some expressions, sorted. */
export function symbolNames(store: ExpressionStore, roots: readonly ExprId[]): string[] {
  const names = postorder(store, roots).map((id) => store.nameOf(id));
  return names.filter((name) => name !== undefined).sort();
}

/** Puts expressions in the place of others, everywhere, and builds what is above them anew, canonically. */
export function substitute(store: ExpressionStore, root: ExprId, replacements: ReadonlyMap<ExprId, ExprId>): ExprId {
  if (!(replacements instanceof Map)) throw invalidOption('replacements', replacements, 'a Map of expressions');
  const made = new Map<ExprId, ExprId>();
  for (const id of postorder(store, [root]))
    made.set(id, replacements.get(id) ?? rebuild(store, id, (child) => made.get(child)!));
  return made.get(root)!;
}

/** The node with other children, by the canonical builders; the node itself when the children are the same. */
function rebuild(store: ExpressionStore, id: ExprId, of: (child: ExprId) => ExprId): ExprId {
  const children = store.childrenOf(id);
  const mapped = children.map(of);
  if (mapped.every((child, at) => child === children[at])) return id;
  return build(store, id, mapped);
}

/** The node with other children, by the canonical builders, under what is assumed now. */
export function build(store: ExpressionStore, id: ExprId, children: readonly ExprId[]): ExprId {
  switch (store.kindOf(id)) {
    case 'call':
      return store.call(store.functionOf(id)!, children);
    case 'product': {
      const factors: ExprId[] = [];
      for (let at = 0; at < children.length; at += 2) factors.push(store.power(children[at]!, children[at + 1]!));
      return store.product(factors);
    }
    case 'sum': {
      const terms: ExprId[] = [];
      for (let at = 0; at < children.length; at += 2) terms.push(store.product([children[at]!, children[at + 1]!]));
      return store.sum(terms);
    }
    default:
      return id;
  }
}

/** How many operations writing an expression out as a tree would take; `Infinity` when beyond doubles. */
export function treeSize(store: ExpressionStore, root: ExprId, budget?: Budget): number {
  const sizes = new Map<ExprId, number>();
  for (const id of postorder(store, [root], budget)) {
    budget?.step();
    let size = 1;
    for (let at = 0; at < store.childCount(id); at++) size += sizes.get(store.child(id, at))!;
    sizes.set(id, size);
  }
  return sizes.get(root)!;
}
