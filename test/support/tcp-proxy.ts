import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Proxy = {
  port: number;
  /** Connections taken so far; `stallConnection` counts from 0 in this order. */
  connections(): number;
  /** Stops all bytes, both ways, of all connections and of those to come: a peer that went away without a word. */
  stall(): void;
  /** Stops the bytes of one connection. Throws when there is none of that number. */
  stallConnection(index: number): void;
  /** Lets the bytes of all connections flow again. */
  resume(): void;
  /** Cuts connections where their next replies begin, as often as said: what was asked for has been done by then. */
  loseReplies(count: number): void;
  /** Cuts all connections. */
  dropAll(): void;
  /** Cuts all connections and takes no more. */
  close(): Promise<void>;
};

type Link = { client: Socket; server: Socket; isStalled: boolean };

/** A TCP proxy on a free port of 127.0.0.1. */
export async function startProxy(target: { host: string; port: number }): Promise<Proxy> {
  const links: Link[] = [];
  let stallsAll = false;
  let toLose = 0;
  const isLost = (): boolean => {
    toLose -= 1;
    return toLose >= 0;
  };
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ ...target, allowHalfOpen: true });
    const link: Link = { client, server, isStalled: false };
    links.push(link);
    server.on('data', () => {
      if (!isLost()) return;
      client.destroy();
      server.destroy();
    });
    forward(link, client, server);
    forward(link, server, client);
    if (stallsAll) stallLink(link);
  });
  await new Promise<void>((resolve, reject) => {
    proxy.once('error', reject);
    proxy.listen(0, '127.0.0.1', resolve);
  });
  const dropAll = () => {
    for (const link of links) {
      link.client.destroy();
      link.server.destroy();
    }
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    connections: () => links.length,
    stall: () => {
      stallsAll = true;
      for (const link of links) stallLink(link);
    },
    stallConnection: (index) => {
      const link = links[index];
      if (!link) throw new Error(`the proxy has had ${links.length} connections, none is number ${index}`);
      stallLink(link);
    },
    resume: () => {
      stallsAll = false;
      for (const link of links) {
        link.isStalled = false;
        link.client.resume();
        link.server.resume();
      }
    },
    loseReplies: (count) => {
      toLose = count;
    },
    dropAll,
    close: async () => {
      const closed = new Promise((resolve) => proxy.close(resolve));
      dropAll();
      await closed;
    },
  };
}

function stallLink(link: Link): void {
  link.isStalled = true;
  link.client.pause();
  link.server.pause();
}

/** Not pipe(): its own resume on 'drain' would undo a stall. */
function forward(link: Link, from: Socket, to: Socket): void {
  from.on('data', (bytes) => {
    if (to.write(bytes)) return;
    from.pause();
    to.once('drain', () => {
      if (!link.isStalled) from.resume();
    });
  });
  from.on('end', () => to.end());
  from.on('error', () => to.destroy());
  from.on('close', () => {
    if (from.errored) to.destroy();
  });
}
