// Configuration of a strip from its schema's defaults, a JSON file and the environment, in rising order of precedence.
// One error lists every wrong key with its value and where it came from.
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { knownVariables, type Variable, variableName, variablePrefix, variableValue } from './environment.js';
import { JsonSyntaxProblem, type LocatedJson, parseLocatedJson } from './json-file.js';
import { nearestWord } from './nearest-word.js';
import { type Problem, pathText, problemList, problemsOf, shown, valueAt } from './problem.js';
import { SchemaKeys, type SchemaNode } from './schema-keys.js';

/** Where {@link loadConfig} looks. */
export interface ConfigSources {
  /**
   * The strip's name, kebab-case; `pipeline-engine` reads `TENSTRIP_PIPELINE_ENGINE_<KEY>`. All variables with that
   * beginning are this strip's: no other strip may be named `pipeline-engine-…`.
   */
  strip: string;
  /** A JSON file, at most 1 MiB. It has to exist when it is named. Default: none. */
  file?: string;
  /** Default: `process.env`. An empty variable counts as not set. */
  env?: Readonly<Record<string, string | undefined>>;
}

const maxFileBytes = 1 << 20;
/** What the suite itself reads: no mistake where a strip is named `log` or `corpus`. */
const suiteVariables: ReadonlySet<string> = new Set(['TENSTRIP_LOG_LEVEL', 'TENSTRIP_CORPUS_DIR']);

/**
 * The configuration that `schema` makes of its defaults, the file and the environment; the later wins, key by key, and
 * arrays are replaced whole.
 *
 * A key `server.maxQueue` is read from the variable `TENSTRIP_<STRIP>_SERVER__MAX_QUEUE`: words by one underscore, nested
 * keys by two. Numbers, booleans, arrays (`a, b` or JSON), objects (JSON) are recognised by the schema. A key or variable
 * that the schema does not know is refused, unless the schema is open there (`z.record`, `z.looseObject`, `.catchall`).
 *
 * @throws TenstripError `ConfigInvalid`; `details.problems` has one `{ path, message }` a wrong key.
 * @throws TypeError when the schema is no zod schema, when two of its keys would be one variable (`maxQueue`, `max_queue`),
 * or when `options` lack the strip's name.
 */
export function loadConfig<T extends z.ZodType>(schema: T, options: ConfigSources): z.output<T> {
  assertSources(schema, options);
  const keys = new SchemaKeys(schema);
  const file = options.file === undefined ? undefined : readJsonFile(options.strip, options.file);
  const fromFile = isObject(file?.value) ? file.value : {};
  const environment = readEnvironment(keys, options.strip, options.env ?? process.env);
  const { merged, hidden } = overlaid(keys, fromFile, environment.values);
  const origin = new Origin(options, file, environment.values);
  const checked = schema.safeParse(merged);
  const problems = [
    ...duplicateKeys(file, origin),
    ...unknownKeys(keys, merged, origin),
    ...environment.problems,
    ...hidden.map(({ path, value }) => notAnObject(path, value, origin)),
    ...(checked.success ? [] : wrongValues(checked.error, merged, origin)),
  ];
  if (checked.success && problems.length === 0) return checked.data;
  throw configInvalid(options.strip, problems);
}

function assertSources(schema: unknown, options: unknown): void {
  if (!(schema instanceof z.ZodType)) {
    throw new TypeError(`loadConfig(schema, options): the schema is ${shown([], schema)}; give a zod schema`);
  }
  const { strip, file, env } = isObject(options) ? options : {};
  const wrong = [
    ...(typeof strip === 'string' && strip !== '' ? [] : [`strip is ${shown([], strip)}; give the strip's name`]),
    ...(file === undefined || typeof file === 'string' ? [] : [`file is ${shown([], file)}; give a path`]),
    ...(env === undefined || isObject(env) ? [] : [`env is ${shown([], env)}; give an object of variables`]),
  ];
  if (wrong.length > 0) throw new TypeError(`loadConfig(schema, options): ${wrong.join(', ')}`);
}

function configInvalid(strip: string, problems: readonly Problem[], cause?: unknown): TenstripError {
  const count = problems.length === 1 ? 'one wrong key' : `${problems.length} wrong keys`;
  return new TenstripError<CoreErrorCode>(
    'ConfigInvalid',
    `the configuration of ${strip} has ${count}:${problemList(problems, 'configuration')}`,
    { details: { strip, problems }, cause },
  );
}

function readJsonFile(strip: string, file: string): LocatedJson {
  const parsed = parsedFile(strip, file);
  if (isObject(parsed.value)) return parsed;
  throw configInvalid(strip, [
    { path: '', message: `expected a JSON object, got ${shown([], parsed.value)} (${file})` },
  ]);
}

function parsedFile(strip: string, file: string): LocatedJson {
  try {
    const { size } = statSync(file);
    if (size > maxFileBytes) throw new RangeError(`expected at most ${maxFileBytes} bytes, got ${size}`);
    return parseLocatedJson(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    const place = error instanceof JsonSyntaxProblem ? `${file}:${error.line}:${error.column}` : file;
    throw configInvalid(strip, [{ path: '', message: `${(error as Error).message} (${place})` }], error);
  }
}

/** A value of the environment with the variable that it came from. */
interface Setting {
  readonly variable: Variable;
  readonly value: unknown;
}

function readEnvironment(
  keys: SchemaKeys,
  strip: string,
  env: Readonly<Record<string, string | undefined>>,
): { values: Setting[]; problems: Problem[] } {
  const known = new Map<string, Variable>();
  for (const variable of knownVariables(keys, strip)) {
    const other = known.get(variable.name);
    if (other !== undefined) throw sameVariable(other, variable);
    known.set(variable.name, variable);
  }
  const values: Setting[] = [];
  for (const variable of known.values()) {
    const text = env[variable.name];
    if (text) values.push({ variable, value: variableValue(text, keys, variable.node) });
  }
  const unknown = Object.keys(env).filter((name) => name.startsWith(variablePrefix(strip)) && env[name]);
  const problems = unknown
    .filter((name) => !known.has(name) && !suiteVariables.has(name))
    .map((name) => ({ path: name, message: `unknown environment variable${didYouMean(name, known.keys())}` }));
  return { values, problems };
}

function sameVariable(one: Variable, other: Variable): TypeError {
  const names = [one, other].map(({ path }) => pathText(path)).join(' and ');
  return new TypeError(`loadConfig(schema, options): the keys ${names} are both read from ${one.name}; rename one`);
}

/** A value where only an object may stand, which the setting of an inner key put out of sight. */
interface Hidden {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** `base` with the settings of the environment over it; `base` stays as it is. */
function overlaid(
  keys: SchemaKeys,
  base: Readonly<Record<string, unknown>>,
  settings: readonly Setting[],
): { merged: Record<string, unknown>; hidden: Hidden[] } {
  const merged = structuredClone(base) as Record<string, unknown>;
  const hidden: Hidden[] = [];
  for (const { variable, value } of settings) {
    let at = merged;
    let node: SchemaNode | undefined = keys.root;
    for (const [depth, key] of variable.path.slice(0, -1).entries()) {
      node = node && keys.under(node, key);
      if (!Object.hasOwn(at, key) || !isObject(at[key])) {
        const mustBeObject = node !== undefined && [...keys.types(node)].join() === 'object';
        if (Object.hasOwn(at, key) && mustBeObject)
          hidden.push({ path: variable.path.slice(0, depth + 1), value: at[key] });
        at[key] = {};
      }
      at = at[key] as Record<string, unknown>;
    }
    at[variable.path.at(-1)!] = value;
  }
  return { merged, hidden };
}

function notAnObject(path: readonly string[], value: unknown, origin: Origin): Problem {
  return { path: pathText(path), message: `expected an object, got ${shown(path, value)} (${origin.of(path)})` };
}

/** Where each value came from. */
class Origin {
  readonly #options: ConfigSources;
  readonly #file: LocatedJson | undefined;
  readonly #settings: readonly Setting[];

  constructor(options: ConfigSources, file: LocatedJson | undefined, settings: readonly Setting[]) {
    this.#options = options;
    this.#file = file;
    this.#settings = settings;
  }

  /** Where the value at `path` was set. */
  of(path: readonly PropertyKey[]): string {
    const setting = this.#settings.findLast(({ variable }) => variable.path.every((key, index) => path[index] === key));
    if (setting !== undefined) return `environment variable ${setting.variable.name}`;
    return this.#file === undefined ? 'default' : this.line(this.#file.lineOf(path));
  }

  /** Where a value at `path` could be set. */
  wanted(path: readonly PropertyKey[]): string {
    const variable = `set ${variableName(this.#options.strip, path)}`;
    return this.#options.file === undefined ? variable : `add it to ${this.#options.file} or ${variable}`;
  }

  line(line: number): string {
    return `${this.#options.file}:${line}`;
  }
}

function duplicateKeys(file: LocatedJson | undefined, origin: Origin): Problem[] {
  const duplicates = file?.duplicates ?? [];
  return duplicates.map(({ path, line }) => ({ path, message: `given twice (again at ${origin.line(line)})` }));
}

function wrongValues(error: z.core.$ZodError, merged: unknown, origin: Origin): Problem[] {
  // Unknown keys are reported by unknownKeys, with what they may have meant.
  const issues = error.issues.filter((issue) => issue.code !== 'unrecognized_keys');
  return problemsOf({ issues }, merged).map(({ path, message }, index) => {
    const place = issues[index]!.path;
    const isMissing = valueAt(merged, place) === undefined;
    return { path, message: `${message} (${isMissing ? origin.wanted(place) : origin.of(place)})` };
  });
}

function unknownKeys(keys: SchemaKeys, root: unknown, origin: Origin): Problem[] {
  const problems: Problem[] = [];
  const visit = (node: SchemaNode | undefined, value: unknown, path: readonly PropertyKey[]): void => {
    if (node === undefined || typeof value !== 'object' || value === null) return;
    const known = keys.properties(node);
    const isClosed = keys.isClosed(node) && !Array.isArray(value);
    for (const [key, inner] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key;
      const innerPath = [...path, step];
      if (isClosed && !known.has(key)) {
        const message = `unknown key${didYouMean(key, known.keys())} (${origin.of(innerPath)})`;
        problems.push({ path: pathText(innerPath), message });
      } else visit(keys.under(node, step), inner, innerPath);
    }
  };
  visit(keys.root, root, []);
  return problems;
}

function didYouMean(given: string, known: Iterable<string>): string {
  const words = [...known];
  const nearest = nearestWord(given, words);
  if (nearest !== undefined) return `; did you mean ${nearest}?`;
  return words.length === 0 ? '' : `; known are ${words.slice(0, 20).join(', ')}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
