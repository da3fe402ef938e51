// What the proxies stand before, as a process of its own: one port sends as many bytes as it is asked for, the other answers
// messages of a fixed size with themselves. Tells its ports to its parent.
import { createServer } from 'node:net';

const block = Buffer.alloc(262_144, 'a block of the upstream ');

/** The first line asks for a number of bytes; they come, then the end. */
const source = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (line) => {
    let left = Number(line);
    const more = () => {
      while (left > 0) {
        const part = left >= block.length ? block : block.subarray(0, left);
        left -= part.length;
        if (left === 0) return socket.end(part);
        if (!socket.write(part)) return socket.once('drain', more);
      }
      return undefined;
    };
    more();
  });
});

const echo = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('end', () => socket.end());
});

source.listen(0, '127.0.0.1', () => {
  echo.listen(0, '127.0.0.1', () => process.send?.({ source: source.address().port, echo: echo.address().port }));
});
process.on('disconnect', () => process.exit());
