// A TPM as its maker ships it: swtpm_setup makes its endorsement keys, and a certificate authority of its own (swtpm_localca) vouches for them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './processes.mjs';

/**
 * Makes the state of a TPM, with endorsement keys (RSA-2048 at 0x81010001, P-384 at 0x81010016) and certificates.
 * @param {string} folder the folder of a `SoftwareTpm` that was not started yet
 * @returns {Promise<{ rsa: Buffer, ecc: Buffer, issuer: string, root: string }>} certificates, in DER and PEM
 */
export async function manufactureTpm(folder) {
  const at = (/** @type {string[]} */ ...names) => join(folder, ...names);
  for (const name of ['state', 'ca', 'certificates']) await mkdir(at(name), { recursive: true });
  const authority = { statedir: at('ca'), signingkey: at('ca', 'signkey.pem'), issuercert: at('ca', 'issuercert.pem') };
  await writeSettings(at('localca.conf'), { ...authority, certserial: at('ca', 'certserial') });
  await writeFile(
    at('localca.options'),
    '--platform-manufacturer Example\n--platform-version 1\n--platform-model laboratory\n',
  );
  await writeSettings(at('setup.conf'), {
    create_certs_tool: '/usr/bin/swtpm_localca',
    create_certs_tool_config: at('localca.conf'),
    create_certs_tool_options: at('localca.options'),
    active_pcr_banks: 'sha1,sha256,sha384,sha512',
  });
  const certificates = ['--create-ek-cert', '--write-ek-cert-files', at('certificates')];
  await must(['swtpm_setup', '--tpm2', '--tpmstate', at('state'), '--config', at('setup.conf'), ...certificates], {
    cwd: folder,
  });
  return {
    rsa: await readFile(at('certificates', 'ek-rsa2048.crt')),
    ecc: await readFile(at('certificates', 'ek-secp384r1.crt')),
    issuer: await readFile(at('ca', 'issuercert.pem'), 'utf8'),
    root: await readFile(at('ca', 'swtpm-localca-rootca-cert.pem'), 'utf8'),
  };
}

/**
 * @param {string} file
 * @param {Record<string, string>} settings
 */
function writeSettings(file, settings) {
  return writeFile(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  );
}
