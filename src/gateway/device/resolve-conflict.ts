/** `POST /v1/sync/resolve-conflict`: a decision of who made the change, about the row as it was shown. */
import { z } from 'zod';
import type { Principal } from '../../domain/access/principal.ts';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import type { Json } from '../../domain/merge/json.ts';
import { textOfDocumentValue } from '../../domain/upload/document-values.ts';
import { json } from '../../domain/upload/wire.ts';
import { visibleConflict } from '../../service/conflicts.ts';
import { sayToConflict } from '../../service/say-to-conflict.ts';
import { withoutNames } from '../../service/visible.ts';
import type { ConflictRow } from '../../store/conflicts.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { readingOf, scopesFor, whoOf } from './conflicts.ts';
import { currentRecord, etagOf, isAsSeen, sendMoved } from './current-record.ts';
import type { Reading } from './feed-reading.ts';
import { sendJson } from './json-reply.ts';
import { documentSchema } from './schemas.ts';
import { stampReply } from './server-hlc.ts';

const bodySchema = z.strictObject({
  conflictId: z.string().min(1).max(200),
  decision: z
    .enum(['client', 'server', 'merged'])
    .describe('The device’s side, the server’s, or `fields` of your own'),
  fields: z
    .record(z.string(), z.strictObject({ value: json }))
    .optional()
    .describe('With `merged`: every field that clashes'),
  round: z.int().min(1),
  comment: z.string().max(2_000).optional(),
});

type Body = z.output<typeof bodySchema>;

export function resolveConflictRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/sync/resolve-conflict',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'Decide a conflict of one’s own change; waits until the decision is written',
        description:
          'If-Match holds the rev of the row that was looked at. 412 has the row as it is now, and `why` where a decision could not be written.',
        tags: ['device'],
        headers: z.looseObject({ 'if-match': z.string().optional().describe('"<rev>"') }),
        body: bodySchema,
        response: {
          200: z.object({
            conflictId: z.string(),
            status: z.string(),
            round: z.int(),
            record: documentSchema,
            serverHlc: z.string(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { principal, body } = request;
      const { row, reading } = await ownConflict(deps, principal, body.conflictId);
      const before = await currentRecord(deps, reading, row.row);
      if (!isAsSeen(request.headers['if-match'], before))
        return sendMoved(reply, before, { round: row.round });
      const fields = fieldsOf(body.fields, reading);
      const { conflictId, decision, round, comment } = body;
      const {
        status,
        why,
        round: roundNow,
      } = await sayToConflict(deps, {
        id: conflictId,
        message: 'decide',
        who: whoOf(principal),
        input: () => ({
          ...{ decision, round },
          ...(fields !== null && { fields }),
          ...(comment !== undefined && { comment }),
        }),
      });
      const record = await currentRecord(deps, reading, row.row);
      // It moved while the decision was on its way, or cannot be written: people look again.
      if (status !== 'applied') {
        return sendMoved(reply, record, { round: roundNow, why: why && withoutNames(why, reading.scope) });
      }
      const serverHlc = await stampReply(deps, reply);
      const said = JSON.stringify({ conflictId, status, round: roundNow, serverHlc });
      reply.header('etag', etagOf(record)).header('cache-control', 'no-store');
      return sendJson(reply, `${said.slice(0, -1)},"record":${record.text}}`);
    },
  );
}

/** @throws CONFLICT_NOT_FOUND, also where it is another user's, or of a row that is out of sight */
async function ownConflict(
  deps: GatewayDeps,
  principal: Principal,
  id: string,
): Promise<{ row: ConflictRow; reading: Reading }> {
  const unknown = new SyncError('CONFLICT_NOT_FOUND', {
    message: 'There is no such conflict of yours',
    remedy: 'GET /v1/sync/conflicts lists those that are open.',
  });
  const row = await visibleConflict(deps, id, scopesFor(deps, principal)).catch((error: unknown) => {
    throw isSyncError(error, 'CONFLICT_NOT_FOUND') ? unknown : error;
  });
  const isOwn = row.user === principal.user || row.device === principal.device;
  const reading = isOwn ? await readingOf(deps, principal, row.entity) : null;
  if (reading === null) throw unknown;
  return { row, reading };
}

/** As PostgreSQL's texts. @throws REQUEST_INVALID for fields that are none, or that the user may not write */
function fieldsOf(fields: Body['fields'], { entity, scope }: Reading): Record<string, Json> | null {
  if (fields === undefined) return null;
  const types = new Map(entity.columns.map(({ name, type }) => [name, type]));
  const entries = Object.entries(fields).map(([name, { value }]): [string, Json] => {
    const type = types.get(name);
    if (type === undefined || scope.hidden.includes(name) || scope.readOnly.includes(name)) {
      throw new SyncError('REQUEST_INVALID', {
        message: `body/fields: ${name.slice(0, 100)} is no field that you may write`,
      });
    }
    return [name, textOfDocumentValue(type, value)];
  });
  return Object.fromEntries(entries);
}
