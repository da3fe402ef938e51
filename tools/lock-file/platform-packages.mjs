// Keeps a package-lock.json whole. `npm ci` refuses a lock file in which an optional dependency has no entry, and npm leaves
// entries out when its registry (a mirror, say) does not serve the packages of other platforms. Such a package states its
// platform in its name (`…-linux-arm64-musl`) and its exact version in its parent, which is all that an entry needs.

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {string} [license]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 */

/** @typedef {{ path: string, name: string, range: string, parent: string }} MissingEntry */

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * The optional dependencies that no entry of the lock file satisfies.
 *
 * @param {Record<string, LockEntry>} packages the lock file's `packages`
 * @returns {MissingEntry[]}
 */
export function missingOptionalPackages(packages) {
  return Object.entries(packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(packages, parent, name))
      .map(([name, range]) => ({ path: `node_modules/${name}`, name, range, parent })),
  );
}

/**
 * Tells whether Node's lookup finds a dependency: beside its parent, or in any folder above.
 *
 * @param {Record<string, LockEntry>} packages
 * @param {string} parent
 * @param {string} name
 */
function isLocked(packages, parent, name) {
  return foldersUp(parent).some((folder) => packages[`${folder}node_modules/${name}`] !== undefined);
}

/**
 * `a/node_modules/b` gives `a/node_modules/b/`, `a/` and the root, ``.
 *
 * @param {string} path
 */
function foldersUp(path) {
  const parts = path.split(/\/?node_modules\//);
  return parts
    .map((_, depth) =>
      parts
        .slice(0, parts.length - depth)
        .join('/node_modules/')
        .replace(/^\//, ''),
    )
    .map((folder) => (folder === '' ? '' : `${folder}/`))
    .concat('');
}

/**
 * The entry of a platform's package, or nothing when its name or version does not say enough.
 *
 * @param {MissingEntry} missing
 * @param {LockEntry} parent
 * @returns {LockEntry | undefined}
 */
export function platformEntry({ name, range }, parent) {
  const words = name.split(/[-/]/);
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+/.test(range)) return undefined;
  const libc =
    os !== 'linux' ? undefined : words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined;
  return {
    version: range,
    cpu: [cpu],
    ...(parent.dev === true ? { dev: true } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    os: [os],
  };
}

/**
 * Adds the entries that are missing; gives the names that it could not add.
 *
 * @param {Record<string, LockEntry>} packages changed in place, keys kept sorted
 * @returns {{ added: string[], unknown: string[] }}
 */
export function completePlatformPackages(packages) {
  /** @type {{ added: string[], unknown: string[] }} */
  const outcome = { added: [], unknown: [] };
  for (const missing of missingOptionalPackages(packages)) {
    const entry = platformEntry(missing, packages[missing.parent] ?? {});
    if (entry === undefined) outcome.unknown.push(missing.name);
    else {
      packages[missing.path] = entry;
      outcome.added.push(missing.name);
    }
  }
  sortKeys(packages);
  return outcome;
}

/** @param {Record<string, LockEntry>} packages */
function sortKeys(packages) {
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  for (const [path, entry] of sorted) {
    delete packages[path];
    packages[path] = entry;
  }
}
