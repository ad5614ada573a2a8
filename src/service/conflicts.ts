/** Conflicts for somebody: those of rows that they may see, without the fields that they may not. */
import {
  type EntityScope,
  EVERYTHING,
  isInScope,
  isPartitioned,
  visibleFields,
} from '../domain/access/scope.ts';
import type { Who } from '../domain/approval/approval.ts';
import { type ConflictSides, type SidesInput, sidesOf } from '../domain/approval/conflict-view.ts';
import { mayDecide, mayWithdraw, wantedOf } from '../domain/approval/may-decide.ts';
import { SyncError } from '../domain/errors.ts';
import type { FieldTexts } from '../domain/upload/decision.ts';
import { readSides } from '../store/conflict-sides.ts';
import {
  type ConflictEvent,
  type ConflictFilter,
  type ConflictRow,
  listConflicts,
  listEvents,
  readConflict,
} from '../store/conflicts.ts';
import { readMirrorRow } from '../store/mirror-row.ts';
import { namesOfRow } from '../store/row-story.ts';
import { withScope } from '../store/scope-session.ts';
import type { ServiceContext } from './context.ts';
import { decidersOf } from './deciders.ts';
import { entitiesOf } from './names.ts';
import { withoutNames } from './visible.ts';

type Reader = Pick<ServiceContext, 'config' | 'store'>;
/** Of an entity, by its name; one that left the configuration too. */
export type ScopeOf = (entity: string) => Promise<EntityScope>;

/** Without values. */
export type ConflictLine = {
  readonly id: string;
  readonly entity: string;
  readonly row: string;
  readonly state: 'open' | 'closed';
  readonly round: number;
  readonly operation: string;
  /** How both sides differ; null: nothing clashes, a business rule wants an approval. */
  readonly kind: string | null;
  /** Fields that clash, or that the change would write. */
  readonly fields: readonly string[];
  readonly reason: string;
  /** A role that a business rule wants. */
  readonly role: string | null;
  readonly device: string;
  readonly user: string | null;
  readonly assignedTo: string | null;
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly outcome: unknown;
  readonly workflowId: string;
};

export type ConflictDetail = ConflictLine & {
  readonly sides: Omit<ConflictSides, 'withheld'>;
  readonly serverVersion: string | null;
  /** Fields of the row that the asker may not see. */
  readonly fieldsNotShown: number;
  /** For people: `anyone`, `role CFO`. */
  readonly mayDecide: string;
  readonly youMayDecide: boolean;
  readonly youMayWithdraw: boolean;
  readonly events: readonly ConflictEvent[];
};

/** @returns conflicts that were looked at, and of them those that the asker may see. */
export async function conflictPage(
  context: Reader,
  filter: ConflictFilter,
  scopeOf: ScopeOf,
): Promise<{ rows: readonly ConflictRow[]; items: ConflictLine[] }> {
  const rows = await listConflicts(context.store.pool, filter);
  const lines = await Promise.all(
    rows.map(async (row) => {
      const scope = await scopeOf(row.entity);
      return (await isVisible(context, row, scope)) ? [lineOf(row, scope)] : [];
    }),
  );
  return { rows, items: lines.flat() };
}

/** @throws SyncError CONFLICT_NOT_FOUND, also where it is of a row that the asker may not see */
export async function visibleConflict(context: Reader, id: string, scopeOf: ScopeOf): Promise<ConflictRow> {
  const row = await readConflict(context.store.pool, id);
  if (await isVisible(context, row, await scopeOf(row.entity))) return row;
  throw new SyncError('CONFLICT_NOT_FOUND', { message: `There is no conflict ${id}` });
}

export type Asking = { readonly id: string; readonly who: Who; readonly scopeOf: ScopeOf };

/** @throws SyncError CONFLICT_NOT_FOUND */
export async function conflictDetail(context: Reader, { id, who, scopeOf }: Asking): Promise<ConflictDetail> {
  const row = await visibleConflict(context, id, scopeOf);
  const scope = await scopeOf(row.entity);
  const events = await listEvents(context.store.pool, id);
  const { resolvers, decidable } = decidersOf(row, events, context.config);
  const isOpen = row.state === 'open';
  return {
    ...lineOf(row, scope),
    ...shownSides(sidesOf(await sidesInput(context, row, scope), null), scope),
    serverVersion: row.serverVersion,
    mayDecide: wantedOf(resolvers, decidable),
    youMayDecide: isOpen && mayDecide(resolvers, who, decidable).allowed,
    youMayWithdraw: isOpen && mayWithdraw(resolvers, who, decidable).allowed,
    events: events.map((event) => shownEvent(event, scope)),
  };
}

/** When the server's fields changed, an entity that left the configuration does not tell any more. */
async function sidesInput(
  { config, store }: Reader,
  row: ConflictRow,
  scope: EntityScope,
): Promise<SidesInput> {
  const spec = entitiesOf(config).find(({ entity }) => entity === row.entity);
  if (spec !== undefined) {
    const readable = [{ entity: row.entity, scope }];
    return withScope(store, { readable }, (db) => readSides(db, spec, row));
  }
  return {
    ...{ round: row.round, base: row.base, accepted: row.clash.accepted ?? {} },
    ...{ client: row.client, server: row.server, draft: row.clash.draft },
    ...{ clashing: row.clash.clash?.fields ?? [], deviceHlc: null, serverStamps: null },
  };
}

/** Partitions are those of the row, or of its tombstone; what a device says of them counts for new rows alone. */
async function isVisible(context: Reader, row: ConflictRow, scope: EntityScope): Promise<boolean> {
  if (!isPartitioned(scope)) return true;
  const { base, client, server, clash } = row;
  const known = server ?? (clash.operation === 'insert' ? null : await tombstoneOf(context, row));
  return isInScope(scope, { ...base, ...client, ...known });
}

/** null: it was removed, or nobody configures the entity any more. */
async function tombstoneOf({ config, store }: Reader, row: ConflictRow): Promise<FieldTexts | null> {
  const { entity } = row;
  const spec = entitiesOf(config).find((one) => one.entity === entity);
  if (spec === undefined) return null;
  const { key } = await namesOfRow(store.pool, { entity, name: row.row });
  // Whether the asker may see it is what is to be found out.
  const readable = [{ entity, scope: EVERYTHING }];
  const found = await withScope(store, { readable }, (db) => readMirrorRow(db, spec, key));
  return found?.values ?? null;
}

function lineOf(row: ConflictRow, scope: EntityScope): ConflictLine {
  const { id, entity, state, round, clash, client, device, user, assignedTo, workflowId, outcome } = row;
  const clashing = clash.clash?.fields ?? [];
  const fields = clashing.length > 0 ? clashing : Object.keys(client);
  return {
    ...{ id, entity, row: row.row, state, round, operation: clash.operation },
    kind: clash.clash?.kind ?? null,
    fields: fields.filter((name) => !scope.hidden.includes(name)),
    reason: withoutNames(clash.reason, scope),
    ...{ role: clash.role, device, user, assignedTo, outcome, workflowId },
    openedAt: new Date(row.openedAtMs).toISOString(),
    closedAt: row.closedAtMs === null ? null : new Date(row.closedAtMs).toISOString(),
  };
}

function shownSides(
  { base, accepted, device, server, draft, round }: ConflictSides,
  scope: EntityScope,
): Pick<ConflictDetail, 'sides' | 'fieldsNotShown'> {
  const shown = (side: FieldTexts | null): FieldTexts | null => side && visibleFields(scope, side);
  const known = [base, accepted, device.values, server.values, draft].flatMap((side) =>
    Object.keys(side ?? {}),
  );
  return {
    sides: {
      ...{ round, base: shown(base), accepted: visibleFields(scope, accepted), draft: shown(draft) },
      device: { ...device, values: shown(device.values) },
      server: { ...server, values: shown(server.values) },
    },
    fieldsNotShown: new Set(known.filter((name) => scope.hidden.includes(name))).size,
  };
}

function shownEvent({ detail, ...event }: ConflictEvent, scope: EntityScope): ConflictEvent {
  const { text } = detail;
  return { ...event, detail: { ...detail, ...(text !== undefined && { text: withoutNames(text, scope) }) } };
}
