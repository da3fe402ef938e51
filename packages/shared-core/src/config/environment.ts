// Configuration from environment variables: TENSTRIP_<STRIP>_<KEY>, where a key's words are joined by one underscore and
// nested keys by two: `server.maxQueue` of the strip `pipeline-engine` is TENSTRIP_PIPELINE_ENGINE_SERVER__MAX_QUEUE.
import type { SchemaKeys, SchemaNode } from './schema-keys.js';

/** An environment variable that a schema knows. */
export interface Variable {
  readonly name: string;
  readonly path: readonly string[];
  readonly node: SchemaNode;
}

/** `maxQueue` as `MAX_QUEUE`, `pipeline-engine` as `PIPELINE_ENGINE`. */
function variableWords(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

/** What all variables of a strip begin with. */
export function variablePrefix(strip: string): string {
  return `TENSTRIP_${variableWords(strip)}_`;
}

/** The variable of the key at `path`. */
export function variableName(strip: string, path: readonly PropertyKey[]): string {
  return variablePrefix(strip) + path.map((key) => variableWords(String(key))).join('__');
}

/** The variables of a strip, outer keys before what is inside them. A recursive schema is followed once. */
export function knownVariables(keys: SchemaKeys, strip: string): Variable[] {
  const variables: Variable[] = [];
  const open = new Set<SchemaNode>();
  const visit = (node: SchemaNode, path: readonly string[]): void => {
    if (open.has(node)) return;
    open.add(node);
    for (const [key, inner] of keys.properties(node)) {
      const innerPath = [...path, key];
      variables.push({ name: variableName(strip, innerPath), path: innerPath, node: inner });
      visit(inner, innerPath);
    }
    open.delete(node);
  };
  visit(keys.root, []);
  return variables;
}

/**
 * The value that a variable's text stands for, by what the schema allows there:
 * - text, where text is allowed and no other type is: as it is;
 * - a number or a boolean: `8080`, `1e6`, `true`, `false`, `1`, `0`;
 * - an array: JSON, or items separated by commas, blanks around them cut off;
 * - an object, or several types: JSON, and where that fails the text.
 *
 * What cannot be read stays text, so that the schema refuses it with the value in the message.
 */
export function variableValue(text: string, keys: SchemaKeys, node: SchemaNode): unknown {
  const types = keys.types(node);
  const [type] = types;
  if (types.size === 1 && type === 'string') return text;
  if (types.size === 1 && type === 'boolean') return booleanValue(text);
  if (types.size === 1 && type === 'array' && !text.trimStart().startsWith('[')) {
    const items = keys.under(node, 0);
    return text.split(',').map((item) => (items === undefined ? item.trim() : variableValue(item.trim(), keys, items)));
  }
  return jsonValue(text);
}

function booleanValue(text: string): unknown {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  return text;
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
