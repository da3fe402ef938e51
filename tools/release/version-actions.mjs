// How `nx release` reads and writes versions: in package.json files alone, with exact versions among the workspaces, offline.
import { VersionActions } from 'nx/release';

/** @typedef {import('nx/src/generators/tree.js').Tree} Tree */
/** @typedef {import('nx/src/config/project-graph.js').ProjectGraph} ProjectGraph */

const SECTIONS = /** @type {const} */ (['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']);

export default class PackageVersionActions extends VersionActions {
  /** @override */
  validManifestFilenames = ['package.json'];

  /**
   * @override
   * @param {Tree} tree
   */
  async readCurrentVersionFromSourceManifest(tree) {
    const manifestPath = this.#manifestPath();
    return { manifestPath, currentVersion: read(tree, manifestPath).version };
  }

  /** No registry is asked: the version that counts is the one on disk. @override */
  async readCurrentVersionFromRegistry() {
    return null;
  }

  /**
   * @override
   * @param {Tree} tree
   * @param {ProjectGraph} graph
   * @param {string} dependency
   */
  async readCurrentVersionOfDependency(tree, graph, dependency) {
    const manifest = read(tree, this.#manifestPath());
    const name = packageName(tree, graph, dependency);
    const section = SECTIONS.find((candidate) => manifest[candidate]?.[name] !== undefined);
    if (section === undefined) return { currentVersion: null, dependencyCollection: null };
    return { currentVersion: manifest[section][name], dependencyCollection: section };
  }

  /**
   * @override
   * @param {Tree} tree
   * @param {string} version
   */
  async updateProjectVersion(tree, version) {
    const path = this.#manifestPath();
    write(tree, path, { ...read(tree, path), version });
    return [`${path} is ${version}`];
  }

  /**
   * @override
   * @param {Tree} tree
   * @param {ProjectGraph} graph
   * @param {Record<string, string>} versions by project
   */
  async updateProjectDependencies(tree, graph, versions) {
    if (Object.keys(versions).length === 0) return [];
    const path = this.#manifestPath();
    const manifest = read(tree, path);
    for (const [project, version] of Object.entries(versions)) {
      const name = packageName(tree, graph, project);
      for (const section of SECTIONS) if (manifest[section]?.[name] !== undefined) manifest[section][name] = version;
    }
    write(tree, path, manifest);
    return [`${path} has the new versions of ${Object.keys(versions).join(', ')}`];
  }

  #manifestPath() {
    return `${this.projectGraphNode.data.root}/package.json`;
  }
}

/**
 * @param {Tree} tree
 * @param {ProjectGraph} graph
 * @param {string} project
 * @returns {string}
 */
function packageName(tree, graph, project) {
  return read(tree, `${graph.nodes[project]?.data.root}/package.json`).name;
}

/**
 * @param {Tree} tree
 * @param {string} path
 */
function read(tree, path) {
  return JSON.parse(tree.read(path, 'utf-8') ?? '{}');
}

/**
 * @param {Tree} tree
 * @param {string} path
 * @param {object} manifest
 */
function write(tree, path, manifest) {
  tree.write(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
