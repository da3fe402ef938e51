// Opens an authority that keeps its own keys, and replaces its key until it is killed. Argument: folder.

import { AttestationAuthority } from '@tenstrip/attestation-authority';

const passphrase = 'correct horse';
const authority = await AttestationAuthority.open({ folder: process.argv[2], origin: 'keys.example', passphrase });
for (;;) await authority.rotateKey();
