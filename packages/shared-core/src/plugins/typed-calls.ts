// Plugins as functions: `strip.call.recordEvents(input)` for the plugin `record-events`, typed from its schemas.
import type { z } from 'zod';

/** What the type of a call is made of. */
export interface TypedPlugin {
  readonly name: string;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

/** `record-events` as `recordEvents`. */
export type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** One call's own limits. */
export interface CallOptions {
  /** Aborting rejects the call at once while it waits, and at its next checkpoint while it runs. */
  signal?: AbortSignal;
  /** From now, waiting included. Default: the plugin's, else the governor's. */
  deadlineMs?: number;
}

/** One function a plugin, named in camel case. */
export type Calls<Plugins extends readonly TypedPlugin[]> = {
  readonly [P in Plugins[number] as CamelCase<P['name']>]: (
    input: z.input<P['input']>,
    options?: CallOptions,
  ) => Promise<z.output<P['output']>>;
};

/** As {@link CamelCase}, at run time. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

/** The functions of `plugins`, each of which hands on to `invoke`. */
export function typedCalls<Plugins extends readonly TypedPlugin[]>(
  plugins: Plugins,
  invoke: (plugin: string, input: unknown, options: CallOptions | undefined) => Promise<unknown>,
): Calls<Plugins> {
  const calls: Record<string, unknown> = {};
  for (const { name } of plugins) {
    calls[camelCase(name)] = (input: unknown, options?: CallOptions) => invoke(name, input, options);
  }
  return Object.freeze(calls) as Calls<Plugins>;
}
