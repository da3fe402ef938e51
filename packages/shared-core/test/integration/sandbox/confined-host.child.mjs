// A host that opens a process isolate and tells what it promises and stops. `accept` comes as JSON.
import { createLogger, Isolate, ResourceGovernor } from '@tenstrip/shared-core';

const governor = new ResourceGovernor({ logger: createLogger({ level: 'silent' }) });
const told = { uid: process.getuid() };
try {
  const module = new URL('./escapes.guest.mjs', import.meta.url);
  const isolate = await Isolate.open(governor, {
    kind: 'process',
    module,
    accept: JSON.parse(process.argv[2] ?? '[]'),
  });
  told.promises = isolate.promises;
  for (const name of ['readFileSync', 'spawnProgram', 'unixSocket', 'udp', 'killParent']) {
    const target = { file: '/etc/hostname', socket: '/run/none.sock', port: 9 };
    told[name] = await isolate.call(name, target).catch((error) => error.code);
  }
  await isolate[Symbol.asyncDispose]();
} catch (error) {
  told.error = { code: error.code, message: error.message };
}
console.log(JSON.stringify(told));
process.exit(0);
