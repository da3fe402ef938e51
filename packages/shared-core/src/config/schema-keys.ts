// Which keys a zod schema knows, and of what kind their values are, read from its JSON Schema (the input side): the one
// description of a schema that zod promises to keep.
import { z } from 'zod';

/** A node of the JSON Schema of a configuration. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

/** What a schema says about its keys; `$ref`s of recursive schemas are followed. */
export class SchemaKeys {
  readonly root: SchemaNode;

  constructor(schema: z.ZodType) {
    this.root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  }

  /** The keys of the objects that `node` allows, in the order of the schema. */
  properties(node: SchemaNode): Map<string, SchemaNode> {
    return new Map(this.#parts(node).flatMap((part) => Object.entries(part.properties ?? {})));
  }

  /** Whether `node` describes an object that takes no other keys than {@link properties}. */
  isClosed(node: SchemaNode): boolean {
    const parts = this.#parts(node);
    const open = (part: SchemaNode) => part.additionalProperties !== undefined && part.additionalProperties !== false;
    return parts.some((part) => part.properties !== undefined) && !parts.some(open);
  }

  /** What `node` says of the value under `key`, if anything. */
  under(node: SchemaNode, key: string | number): SchemaNode | undefined {
    if (typeof key === 'number') return this.#parts(node).find((part) => part.items !== undefined)?.items;
    const known = this.properties(node).get(key);
    if (known !== undefined) return known;
    const open = this.#parts(node).find((part) => typeof part.additionalProperties === 'object');
    return open?.additionalProperties as SchemaNode | undefined;
  }

  /** The JSON types that `node` allows (`integer` as `number`); empty when it does not say. */
  types(node: SchemaNode): Set<string> {
    const types = this.#parts(node).map((part) => (part.type === 'integer' ? 'number' : part.type));
    return new Set(types.filter((type) => type !== undefined));
  }

  /** `node` and everything that it is a union, intersection or reference of. */
  #parts(node: SchemaNode): SchemaNode[] {
    const parts = new Set<SchemaNode>();
    const open = [node];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (parts.has(next)) continue;
      parts.add(next);
      const inner = [...(next.allOf ?? []), ...(next.anyOf ?? []), ...(next.oneOf ?? [])];
      if (next.$ref !== undefined) inner.push(this.#resolved(next.$ref));
      open.push(...inner.reverse());
    }
    return [...parts];
  }

  #resolved(reference: string): SchemaNode {
    return this.root.$defs?.[reference.slice('#/$defs/'.length)] ?? this.root;
  }
}
