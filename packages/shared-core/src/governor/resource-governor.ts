import type { Governed } from './operation.js';

export interface ResourceGovernor extends Governed {
  readonly name: string;
}
