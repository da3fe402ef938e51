// What is mounted, as data: for tools, documentation and other languages. Schemas become JSON Schema (2020-12).
import { z } from 'zod';
import type { Capability } from '../capabilities/index.js';
import type { Mount } from './mounted-strip.js';
import type { StripState } from './strip-state.js';

/** Everything that a registry has mounted. */
export interface RegistryDescription {
  strips: StripDescription[];
}

/** One mounted strip. */
export interface StripDescription {
  name: string;
  version: number;
  summary: string;
  state: StripState;
  /** JSON Schema of the mount options. */
  options: object;
  plugins: PluginDescription[];
}

/** One plugin of a mounted strip. */
export interface PluginDescription {
  name: string;
  summary: string;
  /** JSON Schema of what a caller gives. */
  input: object;
  /** JSON Schema of what a caller gets. */
  output: object;
  /** Those it needs and those it needs for some inputs. */
  capabilities: Capability[];
  requires: string[];
}

/** Describes `mounts` in their order. What JSON Schema cannot say (a function, a class) is `{}` there. */
export function describeMounts(mounts: Iterable<Mount>): RegistryDescription {
  return { strips: Array.from(mounts, describeMount) };
}

function describeMount({ strip, state }: Mount): StripDescription {
  return {
    name: strip.name,
    version: strip.version,
    summary: strip.summary,
    state,
    options: jsonSchema(strip.options, 'input'),
    plugins: strip.plugins.map((plugin) => ({
      name: plugin.name,
      summary: plugin.summary,
      input: jsonSchema(plugin.input, 'input'),
      output: jsonSchema(plugin.output, 'output'),
      capabilities: [...new Set([...(plugin.capabilities ?? []), ...(plugin.optionalCapabilities ?? [])])],
      requires: [...(plugin.requires ?? [])],
    })),
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' });
}
