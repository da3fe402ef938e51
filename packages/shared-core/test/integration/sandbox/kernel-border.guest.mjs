// Runs inside the namespaces without Node's permission model and without the guest program: what the kernel alone stops.
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';

const { file, port, socket, abstract, pid } = JSON.parse(decodeURIComponent(process.argv[2]));
const outcome = (work) => {
  try {
    return String(work());
  } catch (error) {
    return error.code ?? String(error);
  }
};
const connected = (...where) =>
  new Promise((fulfil) => {
    const connection = net.connect(...where, () => fulfil('connected'));
    connection.on('error', (error) => fulfil(error.code));
  });
const told = {
  root: fs.readdirSync('/').sort(),
  read: outcome(() => fs.readFileSync(file)),
  passwd: outcome(() => fs.readFileSync('/etc/passwd')),
  write: outcome(() => fs.writeFileSync('/module/escaped', '')),
  writeLibrary: outcome(() => fs.writeFileSync('/lib/tenstrip-escaped', '')),
  killVictim: outcome(() => process.kill(pid, 'SIGKILL')),
  killAll: outcome(() => process.kill(-1, 'SIGKILL')),
  tcp: await connected(port, '127.0.0.1'),
  unix: await connected(socket),
  abstract: await connected(abstract),
  udp: await new Promise((fulfil) =>
    dgram.createSocket('udp4').send('x', port, '127.0.0.1', (error) => fulfil(error?.code ?? 'sent')),
  ),
};
fs.writeSync(1, JSON.stringify(told));
// At last the process group: it must be the guest's own.
process.kill(process.ppid, 'SIGKILL');
