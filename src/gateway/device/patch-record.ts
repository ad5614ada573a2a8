/** `PATCH /v1/entities/{entity}/{key}`: one change of one record, by whoever sees it as it is. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';
import type { Json } from '../../domain/merge/json.ts';
import { mergePatch } from '../../domain/merge/merge-patch.ts';
import type { StoredVerdict } from '../../domain/upload/stored-verdict.ts';
import { json } from '../../domain/upload/wire.ts';
import { type KnownUpload, readKnownUpload } from '../../store/upload-replies.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { type CurrentRecord, currentRecord, etagOf, isAsSeen, sendMoved } from './current-record.ts';
import { keyHeaders, keyOf } from './idempotency-key.ts';
import { sendJson } from './json-reply.ts';
import { type DevicePrincipal, type PushTarget, pushTarget } from './push-target.ts';
import { documentSchema } from './schemas.ts';
import { stampReply } from './server-hlc.ts';
import { decideLines, hashOfRequest, readLine } from './take-push.ts';

const patchSchema = z
  .record(z.string(), json)
  .describe('Fields and their new values; parts of JSON columns as in RFC 7396');

export function patchRecordRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.patch(
    '/v1/entities/:entity/:key',
    {
      config: { access: ['device', 'operator'] },
      schema: {
        summary: 'Change fields of one record',
        description:
          'If-Match holds the ETag of the record. 412 has the record as it is now; 202: a human decides; 409: refused.',
        tags: ['device', 'operator'],
        params: z.object({ entity: z.string(), key: z.string() }),
        headers: keyHeaders.extend({ 'if-match': z.string().optional().describe('"<rev>"') }),
        body: patchSchema,
        response: {
          200: documentSchema,
          202: z.object({
            conflictId: z.string().nullable(),
            status: z.literal('pending_approval'),
            reason: z.string(),
          }),
        },
      },
    },
    async (request, reply) => {
      const principal = speakerOf(request.principal);
      const { entity, key } = request.params;
      const target = await pushTarget(deps, principal, entity);
      const ifMatch = request.headers['if-match'];
      const patch = request.body;
      const sha256 = hashOfRequest({ entity, key, ifMatch, patch });
      const ref = { device: principal.device, key: keyOf(request) ?? randomUUID() };
      const known = await readKnownUpload(deps.store.pool, ref);
      const record = await currentRecord(deps, target, key);
      const isRepeat = known?.sha256 === sha256;
      if (!isRepeat) {
        if (!record.isThere) throw new SyncError('NOT_FOUND', { message: 'There is no such record' });
        if (!isAsSeen(ifMatch, record)) return sendMoved(reply, record);
      }
      await stampReply(deps, reply);
      const verdict = await changed(deps, { principal, target, record, patch, ref, sha256, known });
      return answer(deps, reply, { verdict, target, key });
    },
  );
}

/** People without a device are one of their own. */
function speakerOf(principal: Principal): DevicePrincipal {
  return { ...principal, device: principal.device ?? `http:${principal.user}` };
}

type Changing = {
  readonly principal: DevicePrincipal;
  readonly target: PushTarget;
  readonly record: CurrentRecord;
  readonly patch: z.output<typeof patchSchema>;
  readonly ref: { readonly device: string; readonly key: string };
  readonly sha256: string;
  readonly known: KnownUpload | null;
};

/** Of a repeated request only its key counts: the change is kept as it was made of the record then. */
async function changed(deps: GatewayDeps, changing: Changing): Promise<StoredVerdict | null> {
  const { principal, target, record, patch, ref, sha256, known } = changing;
  const before = JSON.parse(record.text) as Record<string, Json>;
  const { id, rev, _deleted, ...fields } = patch;
  if (id !== undefined || rev !== undefined || _deleted !== undefined) {
    throw new SyncError('REQUEST_INVALID', { message: 'body: id, rev and _deleted cannot be changed' });
  }
  const after = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, mergePatch(before[name] ?? null, value)]),
  );
  const input = { newDocumentState: { ...before, ...after }, assumedMasterState: before };
  const line = readLine({ entity: target.pushed.entity, input }, target);
  const [first] = await decideLines(deps, { principal, ref, sha256, lines: [line], known });
  return first?.verdict ?? null;
}

/** Of a change behind another one that waits, whose own fate nobody knows yet. */
const BEHIND = 'An earlier change of the record waits for a decision';

type Decided = { readonly verdict: StoredVerdict | null; readonly target: PushTarget; readonly key: string };

async function answer(
  deps: GatewayDeps,
  reply: FastifyReply,
  { verdict, target, key }: Decided,
): Promise<FastifyReply> {
  reply.header('cache-control', 'no-store');
  const { status, conflictId = null, code, message = '' } = verdict ?? { status: 'rejected' as const };
  if (status === 'pending_approval') {
    const reason = message === '' ? BEHIND : message;
    return sendJson(reply.code(202), JSON.stringify({ conflictId, status, reason }));
  }
  if (status === 'rejected') {
    throw new SyncError('CHANGE_REJECTED', {
      message: message === '' ? 'The change was rejected' : message,
      details: { reason: code ?? null },
    });
  }
  const record = await currentRecord(deps, target, key);
  if (status === 'conflict') return sendMoved(reply, record);
  return sendJson(reply.header('etag', etagOf(record)), record.text);
}
