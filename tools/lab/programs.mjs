// The programs that the lab runs, the Debian package of each, and how to ask for a version.
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Debian package by the program that shows that it is there. */
const PACKAGES = {
  '/usr/sbin/sshd': 'openssh-server',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/sbin/nginx': 'nginx-light',
  '/usr/sbin/rsyslogd': 'rsyslog',
  '/usr/sbin/ip': 'iproute2',
  '/usr/bin/curl': 'curl',
  '/usr/bin/wget': 'wget',
  '/usr/bin/nc': 'netcat-openbsd',
  '/usr/bin/sshpass': 'sshpass',
  '/usr/bin/hydra': 'hydra',
  '/usr/bin/medusa': 'medusa',
  '/usr/bin/ncrack': 'ncrack',
  '/usr/bin/gobuster': 'gobuster',
  '/usr/bin/ffuf': 'ffuf',
  '/usr/bin/dirb': 'dirb',
  '/usr/bin/sqlmap': 'sqlmap',
  '/usr/bin/wapiti': 'wapiti',
  '/usr/bin/siege': 'siege',
};

/**
 * @returns {Promise<string[]>} the Debian packages that are not installed
 */
export async function missingPrograms() {
  const missing = [];
  for (const [program, name] of Object.entries(PACKAGES)) {
    const there = await access(program).then(
      () => true,
      () => false,
    );
    if (!there) missing.push(name);
  }
  return missing;
}

/**
 * @returns {Promise<Record<string, string>>} version by Debian package
 */
export async function programVersions() {
  const { stdout } = await run('dpkg-query', ['-W', ...Object.values(PACKAGES)]);
  const lines = stdout.trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('\t')));
}
