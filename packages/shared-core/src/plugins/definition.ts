// What a plugin and a strip have to look like, as two zod schemas: every wrong key is named at once, with what it had to be.
import { z } from 'zod';
import { capabilities } from '../capabilities/index.js';
import { nearestWord, type Problem, problemsOf } from '../config/index.js';
import type { TenstripError } from '../errors/index.js';
import { stripInvalid } from './plugin-error.js';
import { camelCase } from './typed-calls.js';

const maxPlugins = 256;

/** Names that JavaScript itself looks up: a `call.then` would make the functions of a strip a promise. */
const takenNames = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'toJSON']);

const name = z
  .custom<string>(isKebabCase, 'expected kebab-case of at most 64 characters, such as record-events')
  .refine((text) => !takenNames.has(camelCase(text)), {
    error: ({ input }) => `expected a name whose camel case (${camelCase(String(input))}) is no member of every object`,
  });
const summary = z.string().trim().min(1, 'expected a line for people');
const schema = z.instanceof(z.ZodType, { error: 'expected a zod schema' });
const capabilityList = z.array(z.enum(capabilities)).optional();
const amount = z.number().nonnegative().optional();

/** A function of the definition; what it takes and gives is the compiler's matter. */
const code = z.custom((value) => typeof value === 'function', 'expected a function');

const pluginShape = z.strictObject({
  name,
  summary,
  input: schema,
  output: schema,
  capabilities: capabilityList,
  optionalCapabilities: capabilityList,
  requires: z.array(z.string().min(1)).optional(),
  limits: z
    .strictObject({ deadlineMs: z.number().positive().optional(), ioOps: amount, reserveBytes: amount })
    .optional(),
  execute: code,
  health: code.optional(),
});

const version = z.int('expected an integer from 1').min(1, 'expected an integer from 1');

const stripShape = z.strictObject({
  name,
  version,
  summary,
  options: schema,
  plugins: z
    .array(pluginShape)
    .min(1, 'expected at least one plugin')
    .max(maxPlugins, `expected at most ${maxPlugins} plugins`),
  requiresStrips: z.record(z.string(), version).optional(),
  open: code,
  close: code.optional(),
});

/** Checks a plugin's definition. @throws TenstripError `StripInvalid` listing all that is wrong */
export function checkPlugin(plugin: unknown): void {
  const problems = shapeProblems(pluginShape, plugin);
  if (problems.length > 0) throw definitionInvalid('plugin', plugin, problems);
}

/** Checks a strip's definition with all its plugins. @throws TenstripError `StripInvalid` listing all that is wrong */
export function checkStrip(strip: unknown): void {
  const problems = [...shapeProblems(stripShape, strip), ...selfRequirement(strip), ...twins(strip)];
  if (problems.length > 0) throw definitionInvalid('strip', strip, problems);
}

/** Whether `text` is lower-case words of letters and digits joined by single hyphens, letter first, at most 64 long. */
function isKebabCase(text: unknown): boolean {
  return typeof text === 'string' && text.length <= 64 && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text);
}

function definitionInvalid(kind: 'plugin' | 'strip', given: unknown, problems: readonly Problem[]): TenstripError {
  const ownName = at(given, 'name');
  return stripInvalid(`the ${kind}${typeof ownName === 'string' ? ` ${ownName}` : ''}`, problems);
}

function shapeProblems(shape: z.ZodType, given: unknown): Problem[] {
  const result = shape.safeParse(given);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(issue, given) : problemsOf({ issues: [issue] }, given),
  );
}

/** One problem a key; `known` of the object at the issue's path are what the definition may have. */
function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, given: unknown): Problem[] {
  const inLimits = issue.path.at(-1) === 'limits';
  const inPlugin = !inLimits && (issue.path.length > 0 || at(given, 'plugins') === undefined);
  const shape = inLimits ? pluginShape.shape.limits.unwrap().shape : (inPlugin ? pluginShape : stripShape).shape;
  const known = Object.keys(shape);
  return issue.keys.map((key) => {
    const nearest = nearestWord(key, known);
    const advice = nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
    const [place] = problemsOf({ issues: [{ ...issue, path: [...issue.path, key] }] }, given);
    return { path: place!.path, message: `there is no such key; ${advice}` };
  });
}

function selfRequirement(strip: unknown): Problem[] {
  const own = at(strip, 'name');
  const required = at(strip, 'requiresStrips');
  if (typeof own !== 'string' || typeof required !== 'object' || required === null) return [];
  if (!Object.hasOwn(required, own)) return [];
  return [{ path: 'requiresStrips', message: `${own} cannot require itself; leave it out` }];
}

/** Plugins that would be the same function of `call`. */
function twins(strip: unknown): Problem[] {
  const plugins = at(strip, 'plugins');
  if (!Array.isArray(plugins)) return [];
  const seen = new Map<string, string>();
  return plugins.flatMap((plugin, index) => {
    const own = at(plugin, 'name');
    if (typeof own !== 'string') return [];
    const twin = seen.get(camelCase(own));
    seen.set(camelCase(own), own);
    return twin === undefined
      ? []
      : [{ path: `plugins[${index}].name`, message: `${own} is ${twin} again; rename one of them` }];
  });
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
