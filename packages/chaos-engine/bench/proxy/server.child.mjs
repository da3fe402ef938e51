// Our server with Toxiproxy's API, as a process of its own.
import { startToxiproxyServer } from '@tenstrip/chaos-engine';

const precision = process.argv[2] === 'exact' ? 'exact' : 'timer';
const server = await startToxiproxyServer({ port: 0, seed: 1, precision });
process.send?.({ api: server.url });
process.on('disconnect', () => process.exit());
