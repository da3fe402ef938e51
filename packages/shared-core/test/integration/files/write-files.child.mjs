// Writes whole files until it is killed, in turn new ones and one that is replaced, and says by a line which one is on the disk.
// With `once` it writes one of each and ends. Arguments: folder, number of the first file, `once` or nothing.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeFile } from '@tenstrip/shared-core/files';

const [folder, first, once] = process.argv.slice(2);

/** So long that writing takes a while. */
function contentOf(number) {
  return Buffer.alloc(200_000 + number, number % 251);
}

for (let number = Number(first); ; number += 2) {
  await writeWholeFile(join(folder, `new-${number}`), contentOf(number), { mode: 0o600 });
  writeSync(1, `new-${number}\n`);
  await writeWholeFile(join(folder, 'replaced'), contentOf(number + 1), { mode: 0o600, replace: true });
  writeSync(1, `replaced ${number + 1}\n`);
  if (once !== undefined) break;
}
