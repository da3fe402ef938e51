// Makes the key of a folder when there is none, as an engine does at its first start, and ends. Argument: folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeKeyFile } from '@tenstrip/shared-core/crypto';

const path = join(process.argv[2], 'signing.key');
if (!existsSync(path)) await writeKeyFile(path, new Uint8Array(32).fill(9), 'passphrase');
setInterval(() => {}, 1000); // until it is killed
