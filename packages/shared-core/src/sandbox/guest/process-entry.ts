// Entry of a process isolate. The channel is file descriptor 3, a socket pair; when the host closes it, the guest ends.
import { Socket } from 'node:net';
import { FrameReader, frame } from './frame.js';
import { Guest } from './guest.js';

const end = process.exit.bind(process);
// What a shell on the way added; the environment was empty.
for (const name of Object.keys(process.env)) delete process.env[name];

const channel = new Socket({ fd: 3, readable: true, writable: true });
const guest = new Guest((payload) => channel.write(frame(payload)));
const frames = new FrameReader(2 ** 32 - 1);
channel.on('data', (chunk: Uint8Array) => {
  for (const payload of frames.push(chunk)) guest.receive(payload);
});
channel.on('close', () => end(0));
