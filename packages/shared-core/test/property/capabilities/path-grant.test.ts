// Path grants against the kernel: whatever path is asked for, through whatever links, where the kernel itself ends up
// decides whether the handle must give or refuse it. The test makes and removes nothing but below its own folder: trees
// are built along real folders only, links are relative, and the oracle opens nothing for making.
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { openCapability } from '../../../src/capabilities/index.js';
import { isTenstripError } from '../../../src/errors/index.js';

vi.setConfig({ testTimeout: 300_000 });

// Names that nothing else has, should a wrong handle reach out of the tree.
const granted = 'tenstrip-granted';
const names = ['tenstrip-a', 'tenstrip-b', 'tenstrip-c', granted] as const;
const place = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });
/** Paths as people and attackers write them, from a folder on: parts, `.`, `..`, doubled and final slashes. */
const askedPath = fc
  .tuple(
    fc.constantFrom(...names, '..', '.'),
    fc.array(fc.constantFrom(...names, '..', '.', ''), { maxLength: 5 }),
    fc.constantFrom('', '/', '/.'),
  )
  .map(([first, parts, end]) => [first, ...parts].join('/') + end);
const tree = fc.record({
  folders: fc.array(place, { maxLength: 5 }),
  files: fc.array(place, { maxLength: 5 }),
  links: fc.array(fc.tuple(place, askedPath), { maxLength: 6 }),
});
type Tree = typeof tree extends fc.Arbitrary<infer T> ? T : never;

const base = realpathSync(mkdtempSync(join(tmpdir(), 'tenstrip-paths-')));
afterAll(() => rmSync(base, { recursive: true }));
afterEach(() => {
  for (const name of readdirSync(base)) rmSync(join(base, name), { recursive: true });
});
let made = 0;

/** Builds the tree below a fresh folder. What has no real folder to stand in, or whose name is taken, is left out. */
function build({ folders, files, links }: Tree, later: readonly (readonly string[])[] = []): string {
  const root = join(base, String(made++), 'root');
  mkdirSync(join(root, granted), { recursive: true });
  for (const parts of folders) ifFree(root, parts, (path) => mkdirSync(path));
  for (const [parts, target] of links) ifFree(root, parts, (path) => symlinkSync(target, path));
  for (const parts of files) ifFree(root, parts, (path) => writeFileSync(path, parts.join('/'), { flag: 'wx' }));
  for (const parts of later) ifFree(root, parts, (path) => mkdirSync(path));
  return root;
}

function ifFree(root: string, parts: readonly string[], make: (path: string) => void): void {
  const path = join(root, ...parts);
  const folder = dirname(path);
  const stands = opened(folder, constants.O_RDONLY | constants.O_DIRECTORY) === folder;
  if (stands && lstatSync(path, { throwIfNoEntry: false }) === undefined) make(path);
}

/** Where the kernel ends up when it opens what exists at `path`; `undefined` when it cannot. */
function opened(path: string, flags: number): string | undefined {
  try {
    const descriptor = openSync(path, flags | constants.O_NONBLOCK);
    const stands = readlinkSync(`/proc/self/fd/${descriptor}`);
    closeSync(descriptor);
    return stands;
  } catch {
    return undefined;
  }
}

/** Where writing to `path` would write: an existing file, or a free name in a folder that the kernel finds. */
function writable(path: string): string | undefined {
  const existing = opened(path, constants.O_WRONLY);
  if (existing !== undefined) return existing;
  const last = basename(path);
  const folder = opened(path.slice(0, path.lastIndexOf('/')), constants.O_RDONLY | constants.O_DIRECTORY);
  if (folder === undefined || path.endsWith('/') || last === '.' || last === '..') return undefined;
  const free = join(folder, last);
  return lstatSync(free, { throwIfNoEntry: false }) === undefined ? free : undefined;
}

const isInside = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`);

/** Every file, folder and link below `root` but not below `except`, with its content. */
function snapshot(root: string, except: string): Record<string, string> {
  const found: Record<string, string> = {};
  // Not readdir's own recursion: in some Nodes it follows links, and these may lead in circles.
  const look = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (isInside(except, path)) continue;
      const link = entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : '/';
      found[relative(root, path)] = entry.isFile() ? readFileSync(path, 'utf8') : link;
      if (entry.isDirectory()) look(path);
    }
  };
  look(root);
  return found;
}

type Outcome<T> = { given: true; value: T } | { given: false; denied: boolean };

const outcome = <T>(work: Promise<T>): Promise<Outcome<T>> =>
  work.then(
    (value) => ({ given: true, value }),
    (error: unknown) => ({ given: false, denied: isTenstripError(error, 'CapabilityDenied') }),
  );
const readingBelow = (folder: string) => openCapability('fs.read', { grants: { 'fs.read': [folder] } });
const writingBelow = (folder: string) => openCapability('fs.write', { grants: { 'fs.write': [folder] } });

const numRuns = process.env.TENSTRIP_FULL === '1' ? 20_000 : 600;

describe.runIf(process.platform === 'linux')('a grant of a folder', () => {
  it('lets be read exactly the files that the kernel opens inside it', async () => {
    await fc.assert(
      fc.asyncProperty(tree, askedPath, async (shape, asked) => {
        const root = build(shape);
        const folder = join(root, granted);
        const stands = opened(`${root}/${asked}`, constants.O_RDONLY);
        const got = await outcome(readingBelow(folder).read(`${root}/${asked}`));
        const expected = stands !== undefined && isInside(folder, stands) && statSync(stands).isFile();
        expect(got.given).toBe(expected);
        if (got.given) expect(Buffer.from(got.value).equals(readFileSync(stands!))).toBe(true);
        else if (stands !== undefined && !isInside(folder, stands)) expect(got.denied).toBe(true);
      }),
      { numRuns },
    );
  });

  it('answers alike whether something outside exists or not', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.array(place, { maxLength: 4 }), askedPath, async (shape, extra, asked) => {
        const outside = extra.filter(([first]) => first !== granted);
        const [fuller, emptier] = [build(shape, outside), build(shape)];
        const stands = opened(`${fuller}/${asked}`, constants.O_RDONLY);
        if (stands === undefined || isInside(join(fuller, granted), stands)) return;
        const here = opened(`${emptier}/${asked}`, constants.O_RDONLY);
        if (here !== undefined && isInside(join(emptier, granted), here)) return;
        for (const root of [fuller, emptier]) {
          expect(await outcome(readingBelow(join(root, granted)).resolve(`${root}/${asked}`))).toMatchObject({
            denied: true,
          });
        }
      }),
      { numRuns },
    );
  });

  it('lets be written exactly where the kernel would write inside it, and changes nothing outside', async () => {
    await fc.assert(
      fc.asyncProperty(tree, askedPath, async (shape, asked) => {
        const root = build(shape);
        const folder = join(root, granted);
        const before = snapshot(dirname(root), folder);
        const expected = writable(`${root}/${asked}`);
        const got = await outcome(writingBelow(folder).write(`${root}/${asked}`, 'new'));
        expect(snapshot(dirname(root), folder)).toEqual(before);
        expect(got.given).toBe(expected !== undefined && isInside(folder, expected));
        if (got.given) expect(readFileSync(expected!, 'utf8')).toBe('new');
      }),
      { numRuns },
    );
  });

  it('lets be removed only what is an entry inside it', async () => {
    await fc.assert(
      fc.asyncProperty(tree, askedPath, async (shape, asked) => {
        const root = build(shape);
        const folder = join(root, granted);
        const before = snapshot(dirname(root), folder);
        await outcome(writingBelow(folder).remove(`${root}/${asked}`));
        expect(snapshot(dirname(root), folder)).toEqual(before);
        expect(statSync(folder).isDirectory()).toBe(true);
      }),
      { numRuns },
    );
  });
});
