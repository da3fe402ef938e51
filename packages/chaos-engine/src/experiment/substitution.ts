// `${name}`, `$name` and `$$` in the texts of an experiment, as Python's string.Template has them: a text that is one variable
// and nothing else becomes its value, with its type; a name that nobody defined stays as it is. Configuration goes before
// secrets. What a variable holds is never looked at again.

import { TenstripError } from '@tenstrip/shared-core/errors';
import type { ChaosErrorCode } from '../errors/index.js';

/** Values by name. */
export type Configuration = Readonly<Record<string, unknown>>;
/** Groups of values by name, as experiments hold them. */
export type Secrets = Readonly<Record<string, unknown>>;

const pattern = /\$(?:(\$)|([_a-z]\w*)|\{([_a-z]\w*)\})/gi;
const alone = /^\$(?:([_a-z]\w*)|\{([_a-z]\w*)\})$/i;
/** How deep values may be nested. */
const maximumDepth = 64;

/** A copy of a value with every variable put in. */
export function substitute<T>(value: T, configuration: Configuration, secrets: Secrets): unknown {
  const groups = Object.values(secrets).filter(isGroup);
  const find = (name: string): { value: unknown } | undefined => {
    const home = [configuration, ...groups].find((one) => Object.hasOwn(one, name));
    return home === undefined ? undefined : { value: home[name] };
  };
  return filled(value, find, 0);
}

function filled(value: unknown, find: (name: string) => { value: unknown } | undefined, depth: number): unknown {
  if (typeof value === 'string') return filledText(value, find);
  if (typeof value !== 'object' || value === null || depth > maximumDepth) return value;
  if (Array.isArray(value)) return value.map((one) => filled(one, find, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, find, depth + 1)]));
}

function filledText(text: string, find: (name: string) => { value: unknown } | undefined): unknown {
  const whole = alone.exec(text);
  const found = whole === null ? undefined : find(whole[1] ?? whole[2] ?? '');
  if (found !== undefined) return found.value;
  return text.replace(pattern, (kept, dollar?: string, bare?: string, braced?: string) => {
    if (dollar !== undefined) return '$';
    const one = find(bare ?? braced ?? '');
    return one === undefined ? kept : textOf(one.value);
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether a value is a map of values. */
export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads what a block of an experiment says of variables: plain values, `{ "type": "env", "key": …, "default": … }`. Values of
 * `given` go before. Probes, which are asked only when it runs, stay as they are.
 * @throws TenstripError `ExperimentInvalid` for a variable of the environment that is not there
 */
export function loadConfiguration(
  block: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  given: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(block).map(([key, value]) => [
      key,
      Object.hasOwn(given, key) ? given[key] : loaded(`configuration.${key}`, value, env),
    ]),
  );
}

/** The same for secrets, whose values stand in groups. @throws TenstripError `ExperimentInvalid` */
export function loadSecrets(
  block: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  path = 'secrets',
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(block).map(([key, value]) => {
      const inner = `${path}.${key}`;
      if (!isGroup(value)) return [key, value];
      if (value.type === 'env') return [key, loaded(inner, value, env)];
      if (value.type === 'vault')
        throw invalid(`${inner}.type vault is not supported; give the value by the environment`);
      return [key, loadSecrets(value, env, inner)];
    }),
  );
}

function loaded(path: string, value: unknown, env: Readonly<Record<string, string | undefined>>): unknown {
  if (!isGroup(value) || value.type !== 'env') return value;
  const { key, default: fallback, env_var_type: type } = value;
  const found = typeof key === 'string' ? env[key] : undefined;
  if (found === undefined && !Object.hasOwn(value, 'default')) {
    throw invalid(`${path}.key names ${JSON.stringify(key)}, which the environment does not have`);
  }
  return converted(path, found ?? fallback, type);
}

function converted(path: string, value: unknown, type: unknown): unknown {
  if (type === undefined || type === 'str' || value === null) return value;
  if (type === 'int' || type === 'float') {
    const number = Number(value);
    if (Number.isFinite(number) && (type === 'float' || Number.isInteger(number))) return number;
    throw invalid(`${path} must be a number, not ${JSON.stringify(value)}`);
  }
  if (type === 'bool') return ['1', 'true', 'yes', 'on'].includes(String(value).toLowerCase());
  if (type === 'json') return parsed(path, value);
  throw invalid(`${path}.env_var_type must be str, int, float, bool or json, not ${JSON.stringify(type)}`);
}

function parsed(path: string, value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    throw invalid(`${path} must be JSON`);
  }
}

function invalid(issue: string): TenstripError<ChaosErrorCode> {
  return new TenstripError('ExperimentInvalid', `${issue}.`, { details: { issues: [issue] } });
}

/** Shorter secrets are cut only where a text is nothing else: within texts they would cut what is none. */
const minimumSecretLength = 4;

/** Cuts secrets out of everything that is shown or kept. */
export class SecretMask {
  readonly #texts: readonly string[];

  constructor(secrets: Secrets) {
    const found = new Set<string>();
    collect(secrets, found, 0);
    // Long ones first, so that one that holds another is cut as a whole.
    this.#texts = [...found].toSorted((a, b) => b.length - a.length);
  }

  /** A copy without secrets. */
  mask<T>(value: T): T {
    return this.#texts.length === 0 ? value : (this.#masked(value, 0) as T);
  }

  #masked(value: unknown, depth: number): unknown {
    if (typeof value === 'string') {
      if (this.#texts.includes(value)) return '*****';
      const long = this.#texts.filter(({ length }) => length >= minimumSecretLength);
      return long.reduce((text, secret) => text.replaceAll(secret, '*****'), value);
    }
    if (typeof value === 'number') return this.#texts.includes(String(value)) ? '*****' : value;
    if (typeof value !== 'object' || value === null || depth > maximumDepth) return value;
    if (Array.isArray(value)) return value.map((one) => this.#masked(one, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [String(this.#masked(key, depth)), this.#masked(one, depth + 1)]),
    );
  }
}

function collect(value: unknown, found: Set<string>, depth: number): void {
  if (typeof value === 'string' || typeof value === 'number') {
    if (String(value) !== '') found.add(String(value));
  } else if (typeof value === 'object' && value !== null && depth < maximumDepth) {
    for (const one of Object.values(value)) collect(one, found, depth + 1);
  }
}
