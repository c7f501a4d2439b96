import { createServer } from 'node:net';

/** A TCP port on loopback that nobody listens on now. Nothing keeps it free: who uses it has to cope with a conflict. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('No TCP port was given'));
        else resolve(address.port);
      });
    });
  });
}
