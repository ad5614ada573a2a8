import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a test can do with a client's bytes before the server has seen them. */
export type Caught = {
  /** Gives the bytes to the server. */
  forward(): void;
  /** Settles when the server has answered; the answer is kept from the client. */
  answered(): Promise<void>;
  /** Ends the client's side only: the server's session stays. */
  cutClient(): void;
  /** Ends both sides. */
  cut(): void;
};

export type StatementProxy = {
  readonly port: number;
  /** The next message whose bytes (as Latin-1) match is given to `act`. Settles when `act` is done. */
  catchNext(message: RegExp, act: (caught: Caught) => Promise<void> | void): Promise<void>;
  /** Forgets what has not been caught yet. */
  clear(): void;
  close(): Promise<void>;
};

type Trap = {
  readonly message: RegExp;
  readonly spring: (caught: Caught) => Promise<void>;
};

/** A TCP proxy to PostgreSQL, on a free port of 127.0.0.1, which can be told to get in the way of single statements. */
export async function startStatementProxy(target: { host: string; port: number }): Promise<StatementProxy> {
  const sockets = new Set<Socket>();
  let traps: Trap[] = [];
  const proxy = createServer((client) => {
    const server = connect(target);
    link(client, server, (bytes) => {
      const text = bytes.toString('latin1');
      const trap = traps.find(({ message }) => message.test(text));
      traps = traps.filter((each) => each !== trap);
      return trap;
    });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve, reject) => {
    proxy.once('error', reject);
    proxy.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (proxy.address() as AddressInfo).port,
    catchNext: (message, act) =>
      new Promise((resolve, reject) => {
        const spring = async (caught: Caught): Promise<void> => {
          try {
            await act(caught);
            resolve();
          } catch (error) {
            reject(error);
          }
        };
        traps.push({ message, spring });
      }),
    clear: () => {
      traps = [];
    },
    close: async () => {
      const closed = new Promise((resolve) => proxy.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function link(client: Socket, server: Socket, trapOf: (bytes: Buffer) => Trap | undefined): void {
  let isHeldBack = false;
  let onAnswer: () => void = () => undefined;
  client.on('data', (bytes) => {
    const trap = trapOf(bytes);
    if (trap === undefined) {
      server.write(bytes);
      return;
    }
    const answer = new Promise<void>((resolve) => {
      onAnswer = resolve;
    });
    void trap.spring({
      forward: () => server.write(bytes),
      answered: () => {
        isHeldBack = true;
        return answer;
      },
      cutClient: () => {
        client.removeAllListeners('close');
        client.destroy();
      },
      cut: () => {
        client.destroy();
        server.destroy();
      },
    });
  });
  server.on('data', (bytes) => {
    if (!isHeldBack && !client.destroyed) client.write(bytes);
    onAnswer();
  });
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
  // Either side may hang up: the other one learns of it by 'close'.
  client.on('error', () => undefined);
  server.on('error', () => undefined);
}
