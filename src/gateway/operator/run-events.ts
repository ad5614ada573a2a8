/** `GET /v1/runs/{id}/events`: server-sent events of a run's progress and errors, until it ends. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isSyncError, type SyncError } from '../../domain/errors.ts';
import { findRun } from '../../service/runs.ts';
import type { EntityReport, RunReport } from '../../store/run-reports.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { followRun, isOver } from './run-watch.ts';
import { runParams } from './runs.ts';

/** So late at most a stream ends whose token has expired. */
const CHECK_MS = 5_000;
/** A reader that takes nothing for so long is gone. */
const STUCK_MS = 60_000;

export function runEventRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/runs/:id/events',
    {
      config: { access: ['operator'] },
      sse: { kind: 'only' },
      // A HEAD would wait for an end that may be far.
      exposeHeadRoute: false,
      schema: {
        summary: 'Progress and errors of a run as server-sent events, until it ends',
        description:
          '`event: progress` has the run as GET /v1/runs/{id} shows it; `event: failure` an entity that failed, with its error; ' +
          '`event: end` the run as it ended, after which the stream ends. With Last-Event-ID, what was told is not told again.',
        tags: ['operator'],
        params: runParams,
        produces: ['text/event-stream'],
        response: { 200: z.string().describe('Server-sent events') },
      },
    },
    async (request, reply) => openEvents(deps, { request, reply, runId: request.params.id }) as never,
  );
}

type Opening = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly runId: string;
};

async function openEvents(deps: GatewayDeps, { request, reply, runId }: Opening): Promise<void> {
  const { sse } = reply;
  // What there is not is a reply with its status, not a stream.
  await findRun(deps, runId);
  sse.keepAlive();
  sse.sendHeaders();
  const teller = createTeller(reply, sse.lastEventId);
  const leave = followRun(deps, runId, {
    changed: (run) => teller.show(run),
    lost: (error) => teller.stop(error),
  });
  const checking = setInterval(() => void check(), CHECK_MS).unref();
  sse.onClose(() => {
    clearInterval(checking);
    leave();
  });

  /** Whoever may not listen any more hears nothing more. */
  async function check(): Promise<void> {
    try {
      await deps.access.authenticate(request);
    } catch (error) {
      if (isSyncError(error) && !error.retryable) teller.stop(error);
    }
  }
}

type Teller = { show(run: RunReport): void; stop(error: SyncError): void };

/** Progress that came while the last event was on its way is told once, as it is then; failures are all told. */
function createTeller({ sse, raw }: FastifyReply, lastEventId: string | null): Teller {
  const before = toldBefore(lastEventId);
  const told = new Set<number>(before.failures);
  let [latest, shown]: [RunReport | null, string | null] = [null, before.shown];
  let sending = false;

  const send = async (message: { event: string; data: unknown }): Promise<void> => {
    const stuck = setTimeout(() => raw.destroy(), STUCK_MS).unref();
    await sse.send({ ...message, id: `${shown}.${[...told].join('-')}` });
    clearTimeout(stuck);
  };

  const sendRun = async (run: RunReport): Promise<void> => {
    for (const [at, entity] of failuresOf(run)) {
      if (told.has(at)) continue;
      told.add(at);
      const { runId } = run;
      await send({ event: 'failure', data: { runId, entity: entity.entity, error: entity.error } });
    }
    const isEnd = isOver(run);
    const hash = hashOf(run);
    if (hash === shown && !isEnd) return;
    shown = hash;
    await send({ event: isEnd ? 'end' : 'progress', data: run });
    if (isEnd) sse.close();
  };

  const work = async (): Promise<void> => {
    if (sending) return;
    sending = true;
    while (latest !== null && sse.isConnected) {
      const run = latest;
      latest = null;
      await sendRun(run);
    }
    sending = false;
  };

  return {
    show: (run) => {
      latest = run;
      // What fails here is the connection, which ends the stream.
      work().catch(() => raw.destroy());
    },
    stop: ({ code, message }) => {
      if (!sse.isConnected) return;
      raw.write(`event: end\ndata: ${JSON.stringify({ code, detail: message })}\n\n`);
      sse.close();
    },
  };
}

/** By their place among the run's entities, which stay in the order in which they began. */
function failuresOf({ entities }: RunReport): [number, EntityReport][] {
  return entities.flatMap((entity, at): [number, EntityReport][] =>
    entity.error === null ? [] : [[at, entity]],
  );
}

function hashOf(run: RunReport): string {
  return createHash('sha1')
    .update(JSON.stringify({ ...run, seconds: 0 }))
    .digest('base64url')
    .slice(0, 16);
}

/** `<hash of the run as it was shown>.<places of failures that were told, with - between>` */
function toldBefore(lastEventId: string | null): { shown: string | null; failures: readonly number[] } {
  const match = /^([\w-]{16}|null)\.([\d-]{0,4000})$/.exec(lastEventId ?? '');
  if (match === null) return { shown: null, failures: [] };
  const [, shown = '', places = ''] = match;
  const failures = places.split('-').filter((place) => place !== '');
  return { shown: shown === 'null' ? null : shown, failures: failures.map(Number) };
}
