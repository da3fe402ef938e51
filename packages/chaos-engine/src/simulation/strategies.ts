// How a world looks for orders of events that a quiet machine does not show. A timer may always fire late, so a strategy holds
// events up: `random` holds up some; `pct` gives each node a priority and holds up all of a low one (Burckhardt, Kothari,
// Musuvathi, Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010).

import type { RandomSource } from '@tenstrip/shared-core';
import type { DecisionStream, Decisions } from './decisions.js';

/** How the order of events is explored. */
export type Strategy =
  /** Events due at once come in the order in which they were planned. */
  | { readonly name: 'plain' }
  /** A timer is late with `probability` (default 1/8), by up to `slackMs` (default 5). */
  | { readonly name: 'random'; readonly probability?: number; readonly slackMs?: number }
  /**
   * A node's timers are late by its priority's share of `slackMs` (default 5); at `depth - 1` moments (default depth 3) among the
   * first `steps` events (default 10,000) the node that runs falls to the lowest priority.
   */
  | { readonly name: 'pct'; readonly depth?: number; readonly slackMs?: number; readonly steps?: number };

/** What holds events up. */
export interface HoldUp {
  /** For how long an event that a node plans is held up, in milliseconds. */
  delayMs(node: number): number;
  /** An event of this node runs. */
  ran(node: number): void;
}

/** The strategy at work in one world; `undefined` for the plain one. */
export function holdUpBy(strategy: Strategy, random: RandomSource, decisions: Decisions): HoldUp | undefined {
  switch (strategy.name) {
    case 'plain':
      return undefined;
    case 'random':
      return new RandomHoldUp(strategy.probability ?? 1 / 8, strategy.slackMs ?? 5, decisions);
    case 'pct':
      return new PriorityHoldUp(
        strategy.depth ?? 3,
        strategy.slackMs ?? 5,
        strategy.steps ?? 10_000,
        random,
        decisions,
      );
  }
}

class RandomHoldUp implements HoldUp {
  readonly #late: DecisionStream;
  readonly #probability: number;
  readonly #slackMs: number;

  constructor(probability: number, slackMs: number, decisions: Decisions) {
    this.#probability = probability;
    this.#slackMs = slackMs;
    this.#late = decisions.stream('late timer');
  }

  delayMs(): number {
    return this.#late.sometimesUpTo(this.#probability, this.#slackMs);
  }

  ran(): void {}
}

class PriorityHoldUp implements HoldUp {
  readonly #random: RandomSource;
  readonly #slackMs: number;
  readonly #changes: Set<number>;
  readonly #falls: DecisionStream;
  readonly #initial: DecisionStream;
  /** 0 is the highest priority, 1 the lowest. */
  readonly #lowness: number[] = [];
  #step = 0;

  constructor(depth: number, slackMs: number, steps: number, random: RandomSource, decisions: Decisions) {
    this.#random = random.stream('pct');
    this.#slackMs = slackMs;
    this.#falls = decisions.stream('priority falls');
    this.#initial = decisions.stream('priority');
    this.#changes = new Set(Array.from({ length: depth - 1 }, () => this.#random.integer(1, steps)));
  }

  delayMs(node: number): number {
    return this.#lownessOf(node) * this.#slackMs;
  }

  ran(node: number): void {
    this.#step++;
    if (!this.#changes.has(this.#step) || !this.#falls.happens(1)) return;
    this.#lownessOf(node); // Nodes before it have theirs, too.
    this.#lowness[node] = 1;
  }

  #lownessOf(node: number): number {
    while (this.#lowness.length <= node) this.#lowness.push(this.#initial.upTo(1));
    return this.#lowness[node]!;
  }
}
