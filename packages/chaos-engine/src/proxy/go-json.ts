// JSON as Go's decoder reads it into fields that have types, and as its encoder writes it: Toxiproxy's clients see its messages.

/** What Go's decoder would say. */
export class JsonProblem extends Error {}

/** Members of an object, found by name as Go finds them: exactly, or else whatever the case. */
export class JsonFields {
  readonly #path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /**
   * @param path the type that is read and where in it, for messages
   * @param type the same where the whole value is wrong
   * @throws JsonProblem when `value` is no object
   */
  constructor(value: unknown, path: string, type = path) {
    this.#path = path;
    // Go leaves everything as it was for null.
    if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
      throw new JsonProblem(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`);
    }
    this.#fields = (value ?? {}) as Record<string, unknown>;
  }

  /** `undefined` when it is not there, or null. @throws JsonProblem */
  text(name: string): string | undefined {
    return this.#typed(name, 'string', (value) => typeof value === 'string') as string | undefined;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, 'bool', (value) => typeof value === 'boolean') as boolean | undefined;
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'float32', (value) => typeof value === 'number') as number | undefined;
  }

  integer(name: string): number | undefined {
    return this.#typed(name, 'int64', (value) => Number.isSafeInteger(value)) as number | undefined;
  }

  /** An object's own fields. @param path as in the constructor */
  fields(name: string, path: string): JsonFields | undefined {
    const value = this.#find(name);
    return value === undefined || value === null ? undefined : new JsonFields(value, path);
  }

  #typed(name: string, type: string, fits: (value: unknown) => boolean): unknown {
    const value = this.#find(name);
    if (value === undefined || value === null) return undefined;
    if (fits(value)) return value;
    const kind = typeof value === 'number' && type === 'int64' ? `number ${value}` : kindOf(value);
    throw new JsonProblem(`json: cannot unmarshal ${kind} into Go struct field ${this.#path}.${name} of type ${type}`);
  }

  #find(name: string): unknown {
    if (Object.hasOwn(this.#fields, name)) return this.#fields[name];
    const alike = Object.keys(this.#fields).find((key) => key.toLowerCase() === name.toLowerCase());
    return alike === undefined ? undefined : this.#fields[alike];
  }
}

/** @throws JsonProblem */
export function parseGoJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonProblem(syntaxProblem(text));
  }
}

/** What Go's encoder writes: members in order, and what could end a script escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Go's words for the first characters, where most mistakes are; beyond them a text that does not end well ends too early. */
function syntaxProblem(text: string): string {
  const trimmed = text.trimStart();
  if (trimmed === '') return 'EOF';
  const literal = ['null', 'true', 'false'].find((word) => word[0] === trimmed[0]);
  if (literal !== undefined) {
    const at = [...literal].findIndex((character, index) => trimmed[index] !== character);
    if (at > 0 && trimmed[at] !== undefined) {
      return `invalid character '${trimmed[at]}' in literal ${literal} (expecting '${literal[at]}')`;
    }
  } else if (!/[[{"\-\d]/.test(trimmed[0]!)) {
    return `invalid character '${trimmed[0]}' looking for beginning of value`;
  }
  return /[\]}]\s*$/.test(text) ? 'invalid character in the text' : 'unexpected EOF';
}
