// A machine of its own inside this one: copies of /etc and an empty /run, /dev, /home and /var/log in a private mount
// namespace, so that accounts, sockets and log files of the lab exist nowhere else.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './processes.mjs';

/** Device nodes that the servers and tools open. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** Accounts of the lab's server; passwords of legitimate people are long, and one test account is as weak as they come. */
export const ACCOUNTS = {
  alice: 'corn-Velvet-74-harbour',
  bob: 'Trombone!under9bridge',
  carol: 'seven-Lanterns-seven',
  deploy: 'never-typed-by-hand-1',
  archive: 'never-typed-by-hand-2',
  test: 'letmein',
};

/**
 * Must be called inside a mount namespace of our own.
 * @param {string} lab the folder that will hold everything
 */
export async function privateHost(lab) {
  await must(['mount', '--make-rprivate', '/']);
  await must(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'lab', '/run']);
  for (const folder of ['log', 'home', 'keys', 'work', 'dev', 'sshd']) {
    await mkdir(join(lab, folder), { recursive: true });
  }
  await mkdir('/run/sshd');
  await mkdir('/run/netns');
  await privateDevices(join(lab, 'dev'));
  await must(['cp', '-a', '/etc', join(lab, 'etc')]);
  await must(['mount', '--bind', join(lab, 'etc'), '/etc']);
  await must(['mount', '--bind', join(lab, 'home'), '/home']);
  await must(['hostname', 'gate']);
  await writeFile('/etc/hosts', '127.0.0.1 localhost\n192.0.2.10 gate shop.example\n2001:db8:10::10 gate6\n');
  await writeFile('/etc/resolv.conf', '');
  for (const [name, password] of Object.entries(ACCOUNTS)) {
    await must(['useradd', '--create-home', '--shell', '/bin/sh', name]);
    await must(['chpasswd'], { input: `${name}:${password}\n` });
  }
}

/**
 * A /dev in which /dev/log is ours.
 * @param {string} staging
 */
async function privateDevices(staging) {
  await must(['mount', '--rbind', '/dev', staging]);
  await must(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'lab-dev', '/dev']);
  for (const device of DEVICES) {
    await writeFile(`/dev/${device}`, '');
    await must(['mount', '--bind', join(staging, device), `/dev/${device}`]);
  }
  await mkdir('/dev/shm');
  await must(['mount', '-t', 'tmpfs', 'lab-shm', '/dev/shm']);
  await mkdir('/dev/pts');
  await must(['mount', '-t', 'devpts', '-o', 'newinstance,ptmxmode=0666,mode=620', 'devpts', '/dev/pts']);
  await must(['ln', '-s', 'pts/ptmx', '/dev/ptmx']);
  await must(['ln', '-s', '/proc/self/fd', '/dev/fd']);
}
