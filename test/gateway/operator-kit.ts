/** Requests of people to a gateway under test: by role, as JSON; and streams of events, read to their end. */
import { type RunningGateway, type TokenOf, tokenOf } from './kit.ts';

export type Reply = { readonly status: number; readonly headers: Headers; readonly body: never };

export type Caller = {
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  readonly token: string;
};

export async function callerOf(gateway: Pick<RunningGateway, 'url'>, who: TokenOf): Promise<Caller> {
  const token = await tokenOf(who);
  const call = async (path: string, init: RequestInit & { headers: Record<string, string> }) => {
    const reply = await fetch(`${gateway.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
    return { status: reply.status, headers: reply.headers, body: (await reply.json()) as never };
  };
  return {
    token,
    get: (path, headers = {}) => call(path, { headers }),
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      }),
  };
}

export type StreamEvent = { readonly id: string; readonly event: string; readonly data: never };

/** Until the stream ends. */
export async function readEvents(
  gateway: Pick<RunningGateway, 'url'>,
  path: string,
  { token, lastEventId }: { readonly token: string; readonly lastEventId?: string },
): Promise<StreamEvent[]> {
  const reply = await fetch(`${gateway.url}${path}`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
  });
  if (reply.status !== 200) throw new Error(`No stream: ${reply.status} ${await reply.text()}`);
  return eventsOf(await reply.text());
}

function eventsOf(text: string): StreamEvent[] {
  return text.split('\n\n').flatMap((block) => {
    const lines = block.split('\n');
    const field = (name: string): string =>
      lines
        .filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2))
        .join('\n');
    return field('data') === ''
      ? []
      : [{ id: field('id'), event: field('event'), data: JSON.parse(field('data')) as never }];
  });
}
