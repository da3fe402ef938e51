// The types of build.mjs, for the test that compares what it builds with what is committed.

/** Compiles the kernel's source to WebAssembly. */
export function compileKernel(compiler?: string): Buffer;
/** The SHA-256 of the kernel's source, in hexadecimal. */
export function sourceDigest(): string;
