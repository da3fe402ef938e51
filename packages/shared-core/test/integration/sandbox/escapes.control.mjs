// The same attempt without an isolate: `node escapes.control.mjs <attempt> <target as JSON>` prints its loot.
const [name, target] = process.argv.slice(2);
const escapes = await import('./escapes.guest.mjs');
const loot = await escapes[name](JSON.parse(target));
console.log(`loot:${loot}`);
process.exit(0);
