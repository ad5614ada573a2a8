/**
 * One open stream. What moved while the last event was on its way is told with the next one: a slow reader costs one
 * head an entity, however much moves.
 */
import type { FastifyReply } from 'fastify';

/** A reader that takes nothing for so long is gone. */
const STUCK_MS = 60_000;

export type StreamLine = {
  /** Has something to pull been said of the entity? Else it is said. */
  tell(entity: string, head: string): void;
  /** Says why, and ends: the client comes back by itself, and hears the whole reason then. */
  end(reason: { readonly code: string; readonly detail: string }): void;
};

export function streamLine(
  { sse, raw }: FastifyReply,
  options: { readonly told: ReadonlyMap<string, string>; readonly sent: () => void },
): StreamLine {
  const told = new Map(options.told);
  const toTell = new Map<string, string>();
  let sending = false;

  const send = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    for (const [entity, head] of toTell) {
      if (!sse.isConnected) break;
      toTell.delete(entity);
      told.set(entity, head);
      const stuck = setTimeout(() => raw.destroy(), STUCK_MS).unref();
      await sse.send({ id: idOf(told), data: { entity, checkpoint: { head } } });
      clearTimeout(stuck);
      options.sent();
    }
    sending = false;
  };

  return {
    tell: (entity, head) => {
      if (told.get(entity) === head && !toTell.has(entity)) return;
      toTell.set(entity, head);
      // What fails here is the connection, which ends the stream.
      send().catch(() => raw.destroy());
    },
    end: (reason) => {
      if (!sse.isConnected) return;
      raw.write(`event: end\ndata: ${JSON.stringify(reason)}\n\n`);
      sse.close();
    },
  };
}

/** Heads that were told, as `Last-Event-ID` brings them back: `orders=1.733&items=1.702`. */
function idOf(told: ReadonlyMap<string, string>): string {
  return new URLSearchParams([...told]).toString();
}

export function toldBefore(lastEventId: string | null, entities: readonly string[]): Map<string, string> {
  const heads = new URLSearchParams(lastEventId ?? '');
  return new Map([...heads].filter(([entity]) => entities.includes(entity)));
}
