/** Sends many requests over few connections that stay open. */
import { Agent, type IncomingMessage, request } from 'node:http';
import type { HostileRequest } from './hostile-requests.ts';

export type HostileReply = {
  readonly asked: HostileRequest;
  readonly status: number;
  readonly type: string;
  readonly text: string;
};

const CONNECTIONS = 8;

export async function sendAll(
  url: string,
  requests: readonly HostileRequest[],
  headers: Readonly<Record<string, string>>,
): Promise<HostileReply[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const replies: HostileReply[] = [];
  const left = [...requests];
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      replies.push(await send(url, next, { agent, headers }));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  agent.destroy();
  return replies;
}

type How = { readonly agent: Agent; readonly headers: Readonly<Record<string, string>> };

function send(url: string, asked: HostileRequest, { agent, headers }: How): Promise<HostileReply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const length = asked.body === null ? {} : { 'content-length': String(asked.body.length) };
    const sent = request({
      agent,
      hostname,
      port,
      method: asked.method,
      // As it stands: the address is part of what is hostile.
      path: asked.path,
      headers: { ...headers, ...length, ...asked.headers },
    });
    sent.on('response', (reply) => {
      read(reply).then(
        (text) =>
          resolve({
            asked,
            status: reply.statusCode ?? 0,
            type: String(reply.headers['content-type'] ?? ''),
            text,
          }),
        reject,
      );
    });
    sent.on('error', (error) => reject(new Error(`${asked.name}: ${error.message}`, { cause: error })));
    sent.end(asked.body ?? undefined);
  });
}

async function read(reply: IncomingMessage): Promise<string> {
  // A stream of events has no end.
  if (String(reply.headers['content-type']).startsWith('text/event-stream')) {
    reply.destroy();
    return '';
  }
  const parts: Buffer[] = [];
  for await (const part of reply) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
