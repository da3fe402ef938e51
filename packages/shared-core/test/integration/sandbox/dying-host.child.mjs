// A host that is killed while its isolate loops.
import { Isolate, ResourceGovernor } from '@tenstrip/shared-core';

const module = new URL('./functions.guest.mjs', import.meta.url);
const isolate = await Isolate.open(new ResourceGovernor(), { kind: 'process', module, deadlineMs: 60_000 });
setTimeout(() => console.log('looping'), 100);
await isolate.call('loop');
