import { describe, expect, it, vi } from 'vitest';
import { requireTool } from '../../../../../tools/test-requirements.mjs';
import { compileKernel, sourceDigest } from '../../../kernel/build.mjs';
import { Budget } from '../../../src/budget/index.js';
import { Polynomial } from '../../../src/polynomial/index.js';
import { KERNEL_BASE64, KERNEL_SOURCE_SHA256 } from '../../../src/polynomial/kernel-binary.js';
import { multiplyByHeap } from '../../../src/polynomial/multiply.js';

const clang = requireTool('clang');
const linker = requireTool('wasm-ld');

const { Module } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: {
        new (bytes: Uint8Array): object;
        imports(module: object): unknown[];
        customSections(module: object, name: string): ArrayBuffer[];
      };
    };
  }
).WebAssembly;

const committed = Buffer.from(KERNEL_BASE64, 'base64');

/** The section that names the compiler, as bytes. */
function producers(program: Uint8Array): Buffer {
  return Buffer.concat(Module.customSections(new Module(program), 'producers').map((part) => Buffer.from(part)));
}

describe('the kernel', () => {
  it('was built from the source that lies beside it', () => {
    expect(KERNEL_SOURCE_SHA256).toBe(sourceDigest());
  });

  it('imports nothing', () => {
    expect(Module.imports(new Module(committed))).toEqual([]);
  });

  it.skipIf(!clang.available || !linker.available)(
    'comes out of the same compiler byte for byte, and multiplies alike out of another',
    async () => {
      const built = compileKernel();
      if (producers(built).equals(producers(committed))) expect(built.equals(committed)).toBe(true);
      vi.resetModules();
      vi.doMock('../../../src/polynomial/kernel-binary.js', () => ({ KERNEL_BASE64: built.toString('base64') }));
      const { multiplyByKernel } = await import('../../../src/polynomial/kernel.js');
      const sum = [0, 1, 2].reduce(
        (total, variable) => total.add(Polynomial.variable(3, variable).scale(BigInt(variable) - 5n)),
        Polynomial.constant(3, 7n),
      );
      const { columns } = sum.power(4);
      const degrees = Float64Array.of(8, 8, 8);
      for (const bound of [2 ** 52, 2 ** 70]) {
        const product = new Polynomial(multiplyByKernel(columns, columns, degrees, bound, new Budget())!);
        expect(product.equals(new Polynomial(multiplyByHeap(columns, columns, 2 ** 70, new Budget())))).toBe(true);
      }
    },
  );
});
