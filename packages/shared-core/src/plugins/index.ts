export type { PluginDescription, RegistryDescription, StripDescription } from './description.js';
export type { Health } from './health.js';
export type { MountedStrip } from './mounted-strip.js';
export { definePlugin, type Plugin, type PluginContext, type PluginLimits, type PluginList } from './plugin.js';
export { PluginRegistry, type RegistryOptions } from './plugin-registry.js';
export { defineStrip, type Strip } from './strip.js';
export type { StripState } from './strip-state.js';
export type { CallOptions, Calls, CamelCase, TypedPlugin } from './typed-calls.js';
