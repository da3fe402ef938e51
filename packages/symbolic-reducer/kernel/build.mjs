// Builds the kernel: `node kernel/build.mjs` writes src/polynomial/kernel-binary.ts, with the program as base64 and the SHA-256 of its
// source. Needs clang with the WebAssembly target and lld (Debian's clang and lld); nobody needs it who does not change the source.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SOURCE = fileURLToPath(new URL('multiply.c', import.meta.url));
const TARGET = fileURLToPath(new URL('../src/polynomial/kernel-binary.ts', import.meta.url));

/** Without -fno-builtin the optimiser makes calls of memset and memcpy, which nothing here provides. */
const FLAGS = ['--target=wasm32', '-O3', '-nostdlib', '-fno-builtin', '-Wall', '-Wextra', '-Werror'];
const LINKER_FLAGS = ['--no-entry', '--export=__heap_base', '--strip-debug', '-z', 'stack-size=16384'];

/**
 * Compiles the kernel's source.
 *
 * @param {string} [compiler]
 * @returns {Buffer}
 */
export function compileKernel(compiler = 'clang') {
  const folder = mkdtempSync(join(tmpdir(), 'tenstrip-kernel-'));
  try {
    const file = join(folder, 'kernel.wasm');
    execFileSync(compiler, [...FLAGS, ...LINKER_FLAGS.map((flag) => `-Wl,${flag}`), '-o', file, SOURCE]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The SHA-256 of the kernel's source, in hexadecimal. */
export function sourceDigest() {
  return createHash('sha256').update(readFileSync(SOURCE)).digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines =
    compileKernel()
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  writeFileSync(
    TARGET,
    `// Made by kernel/build.mjs from kernel/multiply.c: do not edit.

/** The SHA-256 of the source that the program was built from. */
export const KERNEL_SOURCE_SHA256 = '${sourceDigest()}';

/** The program, WebAssembly in base64. */
export const KERNEL_BASE64 =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`,
  );
}
