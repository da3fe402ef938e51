// Values inside a text of XML, by a path such as /Event/EventData[1]/Data[@Name='Image']: the little that rules on Windows
// events ask for. No entities but the five of XML and numeric ones, no document types: there is nothing to expand.

/** An element. */
interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  /** Text before the first child. */
  text: string;
}

/** Of one document. */
const maximumElements = 10_000;
const maximumDepth = 200;
const markup =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!([^>]*)>|<\/([^\s>]+)\s*>|<([^\s/>]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|([^<]+)/y;
const attribute = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const step = /^([^[\]@]+)((?:\[[^\]]*\])*)$/;
const filter = /\[(?:(\d+)|@([^=\]]+)='([^']*)'|@([^=\]]+))\]/g;

/** The text of the element at a path; empty when there is none. */
export function xmlNodeValue(text: string, path: string): string {
  return find(text, path)?.text ?? '';
}

/** An attribute of the element at a path; empty when there is none. */
export function xmlAttributeValue(text: string, path: string, name: string): string {
  return find(text, path)?.attributes.get(name) ?? '';
}

/** One event's line is asked for many values. */
let last: { readonly text: string; readonly root: Element | undefined } = { text: '', root: undefined };

function find(text: string, path: string): Element | undefined {
  if (last.text !== text) last = { text, root: parse(text) };
  let found: readonly Element[] = last.root === undefined ? [] : [last.root];
  for (const part of path.replace(/^\.?\/*/, '').split('/'))
    found = found.flatMap((element) => selected(element.children, part));
  return found[0];
}

function selected(elements: readonly Element[], part: string): readonly Element[] {
  const [, name, filters] = step.exec(part) ?? [];
  if (name === undefined) return [];
  let found = elements.filter((element) => name === '*' || element.name === name || element.name.endsWith(`:${name}`));
  for (const [, position, key, value, present] of filters!.matchAll(filter)) {
    if (position !== undefined) found = found.slice(Number(position) - 1, Number(position));
    else if (key !== undefined) found = found.filter((element) => element.attributes.get(key) === value);
    else found = found.filter((element) => element.attributes.has(present!));
  }
  return found;
}

/** The document's element above its root; `undefined` for what is no XML. */
function parse(text: string): Element | undefined {
  const root: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open: Element[] = [root];
  let count = 0;
  for (let at = 0; at < text.length; at = markup.lastIndex) {
    markup.lastIndex = at;
    const found = markup.exec(text);
    if (found === null) return undefined;
    const [, data, , closed, opened, attributes, empty, characters] = found;
    const parent = open.at(-1)!;
    if (opened !== undefined) {
      count += 1;
      if (count > maximumElements || open.length > maximumDepth) return undefined;
      const element: Element = { name: opened, attributes: attributesOf(attributes!), children: [], text: '' };
      parent.children.push(element);
      if (empty === '') open.push(element);
    } else if (closed !== undefined) {
      if (open.length === 1 || parent.name !== closed) return undefined;
      open.pop();
    } else if (parent.children.length === 0) {
      parent.text += data ?? (characters === undefined ? '' : plainText(characters));
    }
  }
  return open.length === 1 ? root : undefined;
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    Array.from(text.matchAll(attribute), ([, name, double, single]) => [name!, plainText(double ?? single!)]),
  );
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plainText(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));/g, (whole, decimal, hex, name) => {
    const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    if (name !== undefined) return Object.hasOwn(entities, name) ? entities[name]! : whole;
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
