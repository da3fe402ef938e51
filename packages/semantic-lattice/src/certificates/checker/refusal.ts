// Refusals: inside they are thrown, with the place where; outside they are the verdict.
import { TenstripError } from '@tenstrip/shared-core';

export class Refusal extends Error {
  at: string;
  constructor(at: string, reason: string) {
    super(reason);
    this.at = at;
  }
}

export function refuse(at: string, reason: string): never {
  throw new Refusal(at, reason);
}

/** Names the place of a refusal that does not, and of an error of a lattice or function. */
export function within<R>(at: string, body: () => R): R {
  try {
    return body();
  } catch (error) {
    if (error instanceof TenstripError && error.cause instanceof Refusal) throw error.cause;
    if (!(error instanceof Refusal)) return refuse(at, error instanceof Error ? error.message : String(error));
    error.at ||= at;
    throw error;
  }
}
