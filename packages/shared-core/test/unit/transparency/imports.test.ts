import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Every file that loading `entry` loads, relative to src, and every package or node: module among them. */
function loadedBy(entry: string): { files: string[]; modules: string[] } {
  const files = new Set<string>();
  const modules = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const text = readFileSync(file, 'utf8');
    // Statements that are erased do not load anything.
    for (const [, isType, specifier] of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from '([^']+)';/gm)) {
      if (isType !== undefined) continue;
      if (specifier!.startsWith('.')) visit(join(dirname(file), specifier!.replace(/\.js$/, '.ts')));
      else modules.add(specifier!);
    }
  };
  visit(join(source, entry));
  return { files: [...files].map((file) => relative(source, file)).sort(), modules: [...modules].sort() };
}

describe('what a subpath loads', () => {
  it('transparency: itself and the errors, nothing of Node', () => {
    const { files, modules } = loadedBy('transparency/index.ts');
    expect(modules).toEqual([]);
    expect(files.every((file) => /^(transparency|errors)\//.test(file))).toBe(true);
    expect(files.length).toBeGreaterThanOrEqual(10);
    for (const file of files.filter((each) => each.startsWith('transparency/'))) {
      expect(readFileSync(join(source, file), 'utf8')).not.toMatch(/\b(Buffer|process)\./);
    }
  });

  it('crypto/ed25519: itself, the errors, OpenSSL and TweetNaCl, nothing else of crypto', () => {
    const { files, modules } = loadedBy('crypto/ed25519/index.ts');
    expect(modules).toEqual(['node:crypto', 'node:module', 'tweetnacl']);
    expect(files.every((file) => /^(crypto\/ed25519|errors)\//.test(file))).toBe(true);
  });
});
