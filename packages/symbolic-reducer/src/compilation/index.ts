export {
  type CompiledFunction,
  type CompiledModule,
  type CompileOptions,
  compile,
  instantiate,
} from './compile.js';
export type { ProvedChange } from './horner.js';
export type { Instruction, Program } from './program.js';
