// The machine under attack: Debian's sshd with PAM, logging through rsyslog as Debian sets it up, and nginx in front of
// a small login service. Settings are the packages' defaults wherever they have one.
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACCOUNTS } from './private-host.mjs';
import { must, pause, run, serve } from './processes.mjs';
import { writePages } from './site.mjs';

/**
 * @typedef {object} Site
 * @property {(user: string) => string} keyOf path of the account's private key
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} lab
 * @returns {Promise<Site>}
 */
export async function startServers(lab) {
  const keyOf = (/** @type {string} */ user) => join(lab, 'keys', user);
  for (const user of Object.keys(ACCOUNTS)) await authorize(user, keyOf(user));
  const servers = [await startSyslog(lab), await startSshd(lab), startLoginService(), await startNginx(lab)];
  await reachable();
  const stop = async () => {
    for (const server of servers.reverse()) server.kill('SIGTERM');
    await pause(1);
  };
  return { keyOf, stop };
}

/** The command that puts a program into the server's network namespace. */
const ON_SERVER = ['ip', 'netns', 'exec', 'server'];

/**
 * @param {string} user
 * @param {string} key
 */
async function authorize(user, key) {
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', user, '-f', key]);
  const folder = `/home/${user}/.ssh`;
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'authorized_keys'), await readFile(`${key}.pub`), { mode: 0o600 });
  await must(['chown', '-R', `${user}:${user}`, folder]);
}

/** @param {string} lab */
async function startSyslog(lab) {
  const configuration = [
    'module(load="imuxsock")', // reads /dev/log
    `auth,authpriv.* action(type="omfile" file="${lab}/log/auth.log" template="RSYSLOG_FileFormat")`, // Debian 12's default
  ];
  const file = join(lab, 'rsyslog.conf');
  await writeFile(file, `${configuration.join('\n')}\n`);
  const server = serve(['rsyslogd', '-n', '-f', file, '-i', join(lab, 'rsyslog.pid')]);
  await pause(1);
  return server;
}

/** @param {string} lab */
async function startSshd(lab) {
  const hostKey = join(lab, 'sshd', 'host_key');
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
  const configuration = [
    `HostKey ${hostKey}`,
    `PidFile ${lab}/sshd.pid`,
    'UsePAM yes', // as Debian ships it, with the next three lines
    'KbdInteractiveAuthentication no',
    'PrintMotd no',
    'Subsystem sftp /usr/lib/openssh/sftp-server',
  ];
  const file = join(lab, 'sshd', 'sshd_config');
  await writeFile(file, `${configuration.join('\n')}\n`);
  return serve([...ON_SERVER, '/usr/sbin/sshd', '-D', '-f', file]);
}

function startLoginService() {
  return serve([...ON_SERVER, process.execPath, fileURLToPath(new URL('login-service.mjs', import.meta.url))]);
}

/** @param {string} lab */
async function startNginx(lab) {
  const root = join(lab, 'www');
  await writePages(root);
  const { output: hash } = await run(['openssl', 'passwd', '-apr1', ACCOUNTS.carol]);
  await writeFile(join(lab, 'htpasswd'), `carol:${hash.trim()}\n`);
  await chmod(join(lab, 'htpasswd'), 0o644);
  await chmod(lab, 0o755);
  await mkdir(join(lab, 'nginx'));
  await chown(join(lab, 'nginx'), 33, 33); // www-data
  const file = join(lab, 'nginx.conf');
  await writeFile(file, nginxConfiguration(lab, root));
  return serve([...ON_SERVER, '/usr/sbin/nginx', '-c', file]);
}

/**
 * @param {string} lab
 * @param {string} root
 */
function nginxConfiguration(lab, root) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${lab}/nginx/${kind};`,
  );
  return `
daemon off;
user www-data;
worker_processes 1;
pid ${lab}/nginx.pid;
error_log ${lab}/log/error.log;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  access_log ${lab}/log/access.log combined;
  ${temporary.join(' ')}
  server {
    listen 80;
    listen [::]:80;
    server_name shop.example;
    root ${root};
    index index.html;
    location / { try_files $uri $uri/ =404; }
    location ~ ^/(login|logout|account|search|download|health|api/) { proxy_pass http://127.0.0.1:8080; }
    location /reports/ { auth_basic "Reports"; auth_basic_user_file ${lab}/htpasswd; }
    location /internal/ { deny all; }
  }
}
`;
}

/** Waits until both servers answer, for at most ten seconds. */
async function reachable() {
  for (let attempt = 0; attempt < 50; attempt++) {
    const ssh = await run([...ON_SERVER, 'nc', '-z', '127.0.0.1', '22']);
    const health = await run([...ON_SERVER, 'nc', '-z', '127.0.0.1', '8080']);
    const web = await run([...ON_SERVER, 'nc', '-z', '127.0.0.1', '80']);
    if (ssh.code + web.code + health.code === 0) return;
    await pause(0.2);
  }
  throw new Error('the servers did not come up within ten seconds');
}
