/** Server-sent events by fetch: EventSource cannot send an Authorization header. */

export type Following = {
  readonly token: () => string | Promise<string>;
  /** Pause before it is opened again. */
  readonly retryMs: number;
  readonly signal: AbortSignal;
  /** There is something to pull. */
  readonly heard: () => void;
};

/** Listens until the signal; opens the stream again whenever it ends. */
export async function follow(url: string, following: Following): Promise<void> {
  const { retryMs, signal } = following;
  while (!signal.aborted) {
    try {
      await listen(url, following);
    } catch {
      // Offline, or the gateway is away. Pushes and pulls report their own errors.
    }
    await pause(retryMs * (0.5 + Math.random()), signal);
  }
}

async function listen(url: string, { token, signal, heard }: Following): Promise<void> {
  const reply = await fetch(url, {
    signal,
    headers: { authorization: `Bearer ${await token()}`, accept: 'text/event-stream' },
  });
  if (!reply.ok || reply.body === null) {
    await reply.body?.cancel();
    return;
  }
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    // One pull is enough for all that came together. Comments only keep the connection open.
    if (blocks.some((block) => /^data:/m.test(block))) heard();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
