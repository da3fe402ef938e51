// Servers and clients on the loopback interface, for tests of the proxy.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface TestServer extends AsyncDisposable {
  readonly address: string;
  /** Sockets accepted so far, in order. */
  readonly sockets: Socket[];
}

/** A server; what it does with a socket is the caller's. Errors of sockets are kept from the process. */
export async function serve(handle: (socket: Socket, index: number) => void): Promise<TestServer> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {});
    handle(socket, sockets.push(socket) - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Sends back what it gets, and its end. */
export const echo = (): Promise<TestServer> => serve((socket) => socket.pipe(socket));

/** What a socket got until it was over, and how it was over. */
export interface Received {
  readonly bytes: Buffer;
  readonly over: 'end' | 'reset' | 'close';
}

/** A client that collects. */
export class Client {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  readonly received: Promise<Received>;
  length = 0;
  #wake: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    this.received = collect(this.socket, (chunk) => {
      this.chunks.push(chunk);
      this.length += chunk.length;
      this.#wake();
    });
  }

  /** Resolves when so many bytes are there. */
  async until(bytes: number): Promise<Buffer> {
    while (this.length < bytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        void this.received.then(() => resolve());
      });
      if (this.socket.closed && this.length < bytes) throw new Error(`only ${this.length} of ${bytes} bytes came`);
    }
    return Buffer.concat(this.chunks);
  }
}

/** Everything that a socket gets until it is over. */
export function collect(socket: Socket, onChunk: (chunk: Buffer) => void = () => {}): Promise<Received> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    let over: Received['over'] = 'close';
    const done = () => resolve({ bytes: Buffer.concat(chunks), over });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      onChunk(chunk);
    });
    socket.on('end', () => {
      over = 'end';
      done();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') over = 'reset';
    });
    socket.on('close', done);
  });
}

/** Bytes that tell their place. */
export function pattern(length: number, salt = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + (index >>> 8) * 7 + salt) & 255;
  return bytes;
}
