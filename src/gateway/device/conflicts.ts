/** `GET /v1/sync/conflicts`: changes of this user that wait for a decision, with both sides. */
import { z } from 'zod';
import type { Principal } from '../../domain/access/principal.ts';
import { NOTHING } from '../../domain/access/scope.ts';
import type { Who } from '../../domain/approval/approval.ts';
import type { ConflictSides } from '../../domain/approval/conflict-view.ts';
import { isSyncError } from '../../domain/errors.ts';
import type { Json } from '../../domain/merge/json.ts';
import type { FieldTexts } from '../../domain/upload/decision.ts';
import { documentValue } from '../../domain/upload/document-values.ts';
import { json } from '../../domain/upload/wire.ts';
import { type ConflictDetail, conflictDetail, conflictPage, type ScopeOf } from '../../service/conflicts.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { conflictPlace, pageQuery, visiblePage } from '../operator/paging.ts';
import { servedEntities } from '../served-entity.ts';
import { currentRecord } from './current-record.ts';
import { openReading, type Reading } from './feed-reading.ts';
import { documentSchema } from './schemas.ts';
import { stampReply } from './server-hlc.ts';

const MAX_CONFLICTS = 100;

const fields = z.record(z.string(), json).nullable();
const side = z.object({ values: fields, changedAt: z.string().nullable() });

const conflictSchema = z.object({
  id: z.string(),
  entity: z.string(),
  row: z.string(),
  state: z.enum(['open', 'closed']),
  round: z.int().describe('A decision names it'),
  operation: z.string(),
  kind: z.string().nullable().describe('null: nothing clashes, a business rule wants an approval'),
  clashing: z.array(z.string()),
  reason: z.string(),
  openedAt: z.string(),
  closedAt: z.string().nullable(),
  base: fields.describe('Fields as the device saw them; null: it did not say'),
  device: side.describe('What the change would write'),
  server: side,
  draft: fields.describe('What a merge made that is not trusted'),
  mayDecide: z.string(),
  youMayDecide: z.boolean(),
  record: documentSchema.describe('The row as it is now; its rev goes into If-Match'),
});
type DeviceConflict = z.output<typeof conflictSchema>;

export function deviceConflictRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/sync/conflicts',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'Changes of this user that wait for a decision, the newest first',
        tags: ['device'],
        querystring: z.strictObject({
          state: z.enum(['open', 'closed']).optional(),
          entity: z.string().optional(),
          limit: z.coerce.number().int().min(1).max(MAX_CONFLICTS).optional(),
          after: pageQuery.after,
        }),
        response: {
          200: z.object({
            conflicts: z.array(conflictSchema),
            next: z.string().nullable().describe('`after` of the next page; null: there are no more'),
            serverHlc: z.string(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { principal } = request;
      const { state = 'open', entity = null, limit = MAX_CONFLICTS, after } = request.query;
      const scopeOf = scopesFor(deps, principal);
      const { items, next } = await visiblePage(
        { limit, after: conflictPlace(after) },
        (from) => conflictPage(deps, { state, entity, user: principal.user, ...from }, scopeOf),
        ({ openedAtMs, id }) => [openedAtMs, id],
      );
      const conflicts: DeviceConflict[] = [];
      for (const line of items) {
        const reading = await readingOf(deps, principal, line.entity);
        if (reading === null) continue;
        const detail = await conflictDetail(deps, { id: line.id, who: whoOf(principal), scopeOf });
        const record = await currentRecord(deps, reading, line.row);
        conflicts.push(shown(detail, reading, JSON.parse(record.text)));
      }
      reply.header('cache-control', 'no-store');
      return { conflicts, next, serverHlc: await stampReply(deps, reply) };
    },
  );
}

/** Who speaks to a conflict by HTTP: name and roles as the token has them. */
export function whoOf({ user, roles, device }: Principal): Who {
  return { name: user, user, roles, via: 'http', ...(device !== null && { device }) };
}

/** Of entities that are not served, a device sees no conflicts either. */
export function scopesFor(deps: GatewayDeps, principal: Principal): ScopeOf {
  return async (name) => {
    const spec = servedEntities(deps.config).get(name);
    return spec === undefined ? NOTHING : deps.access.scopeOf(principal, spec);
  };
}

export async function readingOf(
  deps: GatewayDeps,
  principal: Principal,
  entity: string,
): Promise<Reading | null> {
  try {
    return await openReading(deps, principal, entity);
  } catch (error) {
    if (isSyncError(error, 'NOT_FOUND')) return null;
    throw error;
  }
}

function shown(
  detail: ConflictDetail,
  { entity }: Reading,
  record: DeviceConflict['record'],
): DeviceConflict {
  const types = new Map(entity.columns.map(({ name, type }) => [name, type]));
  const valuesOf = (texts: FieldTexts | null): Record<string, Json> | null =>
    texts &&
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, documentValue(types.get(name) ?? 'text', text)]),
    );
  const sideOf = ({ values, changedAt }: ConflictSides['server']) => ({
    values: valuesOf(values),
    changedAt,
  });
  const { id, row, state, round, operation, kind, reason, openedAt, closedAt, sides } = detail;
  return {
    ...{ id, entity: detail.entity, row, state, round, operation, kind, reason, openedAt, closedAt },
    clashing: [...detail.fields],
    base: valuesOf(sides.base),
    device: sideOf(sides.device),
    server: sideOf(sides.server),
    draft: valuesOf(sides.draft),
    mayDecide: detail.mayDecide,
    youMayDecide: detail.youMayDecide,
    record,
  };
}
