// A text for a piece of plain data: equal for equal data and only for it. Members are sorted, kinds are told apart, and what
// is not plain data (a class instance, a function, a symbol, a cycle by its depth) has no such text.

const deepest = 64;

/** The text of `value`, or `undefined` when it is not plain data. */
export function dataKey(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return 'null';
  if (depth >= deepest) return undefined;
  if (Array.isArray(value)) return joined(value, depth, '[', ']');
  if (value instanceof Map) return entriesKey([...value], depth, 'Map');
  if (value instanceof Set) return sortedKey([...value], depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return entriesKey(Object.entries(value), depth, '');
}

function joined(values: readonly unknown[], depth: number, open: string, close: string): string | undefined {
  const keys: string[] = [];
  for (let index = 0; index < values.length; index++) {
    const key = dataKey(values[index], depth + 1);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return `${open}${keys.join(',')}${close}`;
}

function sortedKey(values: readonly unknown[], depth: number): string | undefined {
  const keys = values.map((value) => dataKey(value, depth + 1));
  return keys.includes(undefined) ? undefined : `Set{${keys.sort().join(',')}}`;
}

function entriesKey(entries: readonly (readonly unknown[])[], depth: number, name: string): string | undefined {
  const keys = entries.map((entry) => joined(entry, depth, '', ''));
  return keys.includes(undefined) ? undefined : `${name}{${keys.sort().join(';')}}`;
}
