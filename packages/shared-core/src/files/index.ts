export { type FolderOptions, makeFolder } from './make-folder.js';
export { syncFolder } from './sync-folder.js';
export { isSystemError } from './system-error.js';
export { maximumWholeFileBytes, type WholeFileOptions, writeWholeFile } from './whole-file.js';
