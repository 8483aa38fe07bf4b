import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What arrived on one connection so far. */
export interface RawRequest {
  socket: Socket;
  /** All bytes, head included, as Latin-1. */
  received(): string;
  /** Resolves when the head and \`count\` bytes of body have arrived. */
  body(count: number): Promise<string>;
}

/** A server of bare sockets, so that a test decides about every byte and every cut. */
export async function rawServer(onConnection: (request: RawRequest) => void): Promise<{ url: string; connections: () => number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    let received = '';
    const waiting: (() => void)[] = [];
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (const check of waiting) check();
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection({
      socket,
      received: () => received,
      body: (count) =>
        new Promise((resolve) => {
          const check = (): void => {
            const head = received.indexOf('\r\n\r\n');
            if (head !== -1 && received.length - head - 4 >= count) resolve(received.slice(head + 4));
          };
          waiting.push(check);
          check();
        }),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
