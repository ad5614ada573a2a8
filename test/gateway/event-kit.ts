/** Server-sent events as a client reads them. */

export type SentEvent = {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: string | null;
  readonly retry: string | null;
};

export type EventReader = {
  readonly status: number;
  readonly headers: Headers;
  /** The next one; null: the stream has ended. */
  next(): Promise<SentEvent | null>;
  close(): void;
};

export async function openEvents(
  url: string,
  { token, lastEventId }: { readonly token: string; readonly lastEventId?: string },
): Promise<EventReader> {
  const aborting = new AbortController();
  const reply = await fetch(url, {
    signal: aborting.signal,
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
  });
  const events = eventsOf(reply);
  return {
    status: reply.status,
    headers: reply.headers,
    next: async () => (await events.next()).value ?? null,
    close: () => aborting.abort(),
  };
}

async function* eventsOf(reply: Response): AsyncGenerator<SentEvent, null> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of reply.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = eventOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== null) yield event;
    }
  }
  return null;
}

/** null: a comment, which keeps the connection open. */
function eventOf(block: string): SentEvent | null {
  const lines = block.split('\n').filter((line) => !line.startsWith(':'));
  const field = (name: string): string | null => {
    const values = lines.flatMap((line) =>
      line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : [],
    );
    return values.length === 0 ? null : values.join('\n');
  };
  return lines.length === 0
    ? null
    : { id: field('id'), event: field('event'), data: field('data'), retry: field('retry') };
}
