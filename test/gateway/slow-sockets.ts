/** Clients that keep a gateway waiting: with the head of a request, with its body, with reading the reply. */
import { connect, type Socket } from 'node:net';

export const SLOW_WAYS = ['head', 'body', 'reader'] as const;
export type SlowWay = (typeof SLOW_WAYS)[number];

export type SlowSockets = {
  /** By the way in which they were slow: the first line of what each was told, once all of them are closed. */
  readonly told: Readonly<Record<SlowWay, Promise<readonly string[]>>>;
  /** Gives up those that are still open. */
  stop(): void;
};

export type SlowOptions = {
  readonly url: string;
  /** Of each way. */
  readonly count: number;
  /** The n-th client's token. */
  readonly token: (n: number) => string;
  /** What slow readers ask for; its reply should be large. */
  readonly large: string;
  /** Where slow writers post to. */
  readonly post: string;
};

const DRIBBLE_MS = 200;

export async function openSlowSockets(options: SlowOptions): Promise<SlowSockets> {
  const { count } = options;
  const opened = await Promise.all(
    SLOW_WAYS.flatMap((way) =>
      Array.from({ length: count }, (_, n) => open(way, options, n).then((socket) => ({ way, socket }))),
    ),
  );
  const dribble = setInterval(() => {
    for (const { way, socket } of opened) if (way !== 'reader' && socket.writable) socket.write('x');
  }, DRIBBLE_MS);
  const linesOf = (wanted: SlowWay): Promise<string[]> =>
    Promise.all(opened.flatMap(({ way, socket }) => (way === wanted ? [firstLine(socket)] : [])));
  return {
    told: { head: linesOf('head'), body: linesOf('body'), reader: linesOf('reader') },
    stop: () => {
      clearInterval(dribble);
      for (const { socket } of opened) socket.destroy();
    },
  };
}

async function open(way: SlowWay, { url, token, large, post }: SlowOptions, n: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // Afterwards the other side may cut it off as it likes.
  socket.on('error', () => undefined);
  const who = `Host: x\r\nAuthorization: Bearer ${token(n)}\r\n`;
  if (way === 'head') socket.write(`GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: `);
  if (way === 'body') {
    socket.write(
      `POST ${post} HTTP/1.1\r\n${who}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n[`,
    );
  }
  if (way === 'reader') {
    socket.write(`GET ${large} HTTP/1.1\r\n${who}\r\n`);
    socket.pause();
  }
  return socket;
}

/** Of one who does not read, nothing. */
function firstLine(socket: Socket): Promise<string> {
  let heard = '';
  if (!socket.isPaused()) {
    socket.on('data', (part: Buffer) => {
      heard += part.toString('latin1', 0, 100);
    });
  }
  return new Promise((resolve) => socket.once('close', () => resolve(heard.split('\r\n')[0] ?? '')));
}
