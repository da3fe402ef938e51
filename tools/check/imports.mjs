// Every import of every source file, read from the syntax tree that the compiler makes: the facts that the rules about
// packages, floors and cycles judge.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/**
 * @typedef {object} Import
 * @property {string} specifier as written
 * @property {number} line from 1
 * @property {boolean} typeOnly erased by the compiler
 * @property {boolean} dynamic loaded later, if at all
 * @property {string | undefined} target the file that a relative specifier means, relative to the root
 */

/** @typedef {{ file: string, imports: Import[] }} SourceFile `file` is relative to the root, with `/` between parts */

const SOURCE_FOLDERS = ['packages', 'examples', 'tools'];
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'template', 'record']);
const SOURCE_NAME = /(?<!\.d)\.(ts|mts|cts|mjs|cjs|js)$/;

/**
 * All source files below packages/, examples/ and tools/ with their imports.
 *
 * @param {string} root
 * @returns {SourceFile[]}
 */
export function readSources(root) {
  return SOURCE_FOLDERS.flatMap((folder) => [...sourceNames(join(root, folder))].sort()).map((path) => {
    const file = relative(root, path).replaceAll('\\', '/');
    return { file, imports: importsOf(readFileSync(path, 'utf8'), path, root) };
  });
}

/**
 * @param {string} folder
 * @returns {Generator<string>}
 */
function* sourceNames(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) yield* sourceNames(path);
    if (entry.isFile() && SOURCE_NAME.test(entry.name)) yield path;
  }
}

/**
 * The imports of one file: static, re-exporting, dynamic, `require`, and `import('…')` in types.
 *
 * @param {string} text
 * @param {string} path absolute
 * @param {string} root
 * @returns {Import[]}
 */
function importsOf(text, path, root) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  /** @type {Import[]} */
  const imports = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const found = importAt(node);
    if (found !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      imports.push({ ...found, line, target: resolveRelative(found.specifier, path, root) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

/**
 * @param {ts.Node} node
 * @returns {{ specifier: string, typeOnly: boolean, dynamic: boolean } | undefined}
 */
function importAt(node) {
  if (ts.isImportDeclaration(node)) {
    return literal(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
  }
  if (ts.isExportDeclaration(node)) return literal(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal, true);
  if (ts.isExternalModuleReference(node)) return literal(node.expression, false);
  if (ts.isCallExpression(node) && isLoader(node.expression)) return literal(node.arguments[0], false, true);
  return undefined;
}

/** @param {ts.Expression} callee */
function isLoader(callee) {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

/**
 * @param {ts.Node | undefined} node
 * @param {boolean} typeOnly
 * @param {boolean} [dynamic]
 */
function literal(node, typeOnly, dynamic = false) {
  return node !== undefined && ts.isStringLiteralLike(node) ? { specifier: node.text, typeOnly, dynamic } : undefined;
}

/**
 * `./queue.js` means `queue.ts` where that exists; without an extension (CommonJS) also a folder's index.
 *
 * @param {string} specifier
 * @param {string} importer absolute
 * @param {string} root
 */
function resolveRelative(specifier, importer, root) {
  if (!/^\.\.?(\/|$)/.test(specifier)) return undefined;
  const path = join(dirname(importer), specifier);
  const candidates = [path.replace(/\.([cm]?)js$/, '.$1ts'), path, `${path}.ts`, join(path, 'index.ts')];
  const found = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  return relative(root, found ?? path).replaceAll('\\', '/');
}
