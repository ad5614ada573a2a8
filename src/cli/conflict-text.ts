/** A conflict as people read it at the terminal: both sides, what clashes, who may decide, and what to type. */
import { wantedOf } from '../domain/approval/may-decide.ts';
import type { SyncConfig } from '../domain/config.ts';
import { shellWord } from '../domain/shell-word.ts';
import { workflowPage } from '../domain/temporal-page.ts';
import type { Resolvers } from '../domain/upload/upload-spec.ts';
import { decidersOf } from '../service/deciders.ts';
import type { ConflictEvent, ConflictRow } from '../store/conflicts.ts';
import { table } from './table.ts';
import { moment, shortened } from './text.ts';

export type ShownConflict = Omit<ConflictRow, 'mutation'> & {
  /** For people: `anyone`, `role CFO`. */
  readonly mayDecide: string;
  /** What whoever may decide has to say of himself: ` --role lead`, ` --as anna`; empty where anyone may. */
  readonly identify: string;
  readonly events: readonly ConflictEvent[];
  /** In the Temporal UI: an address where `temporal.uiUrl` is configured, else a path. */
  readonly temporalPage: string;
};

export function shownConflict(
  { mutation: _, ...row }: ConflictRow,
  events: readonly ConflictEvent[],
  config: SyncConfig,
): ShownConflict {
  const { resolvers, decidable } = decidersOf(row, events, config);
  return {
    ...row,
    mayDecide: wantedOf(resolvers, decidable),
    identify: identityFor(resolvers, row.user),
    events,
    temporalPage: workflowPage(config.temporal, row.workflowId),
  };
}

function identityFor(resolvers: Resolvers, user: string | null): string {
  if (resolvers === 'anyone') return '';
  return typeof resolvers === 'object'
    ? ` --role ${shellWord(resolvers.role)}`
    : ` --as ${shellWord(user ?? '<name>')}`;
}

/** Fields that a merged decision has to name; of an approval all that it would change. */
function fieldsToGive({ clash, client }: Pick<ShownConflict, 'clash' | 'client'>): readonly string[] {
  const clashing = clash.clash?.fields ?? [];
  return clashing.length > 0 ? clashing : Object.keys(client);
}

export function conflictText(conflict: ShownConflict): string {
  return [heading(conflict), '', sides(conflict), '', ...history(conflict), ...ending(conflict)].join('\n');
}

const KINDS = {
  fields: 'the device and the server changed the same fields',
  updateDelete: 'the device changed a row that the server deleted',
  deleteUpdate: 'the device deleted a row that the server changed',
  createCreate: 'the device and the server made the same row',
} as const;

function heading(conflict: ShownConflict): string {
  const { id, entity, row, state, round, clash, device, user, assignedTo } = conflict;
  const by = user === null ? `device ${device}` : `${user} on device ${device}`;
  return [
    `Conflict ${id}: ${entity} ${row}, ${state}, round ${round}`,
    `  what happened   ${clash.clash === null ? 'a change needs approval' : KINDS[clash.clash.kind]}`,
    `  why it waits    ${shortened(clash.reason, 200)}`,
    `  change by       ${by}`,
    `  since           ${momentOf(conflict.openedAtMs)} UTC`,
    `  may decide      ${conflict.mayDecide}`,
    ...(assignedTo === null ? [] : [`  assigned to     ${assignedTo}`]),
    `  workflow        ${conflict.workflowId} (in the Temporal UI: ${conflict.temporalPage})`,
  ].join('\n');
}

const NOTHING = '';

function sides(conflict: ShownConflict): string {
  const { base, client, server, clash } = conflict;
  const { draft, operation } = clash;
  const clashing = new Set(clash.clash?.fields ?? []);
  const known = [client, server ?? {}, base ?? {}, draft ?? {}].flatMap((side) => Object.keys(side));
  const names = [...new Set([...clashing, ...Object.keys(client), ...known])];
  const of = (side: Readonly<Record<string, string | null>> | null, name: string): string =>
    side === null || !Object.hasOwn(side, name) ? NOTHING : (side[name] ?? 'NULL');
  const rows = table(names, [
    { head: '', of: (name) => (clashing.has(name) ? '✗' : NOTHING), optional: true },
    { head: 'column', of: (name) => name },
    { head: 'base', of: (name) => of(base, name), optional: true },
    { head: operation === 'delete' ? 'device (deletes)' : 'device', of: (name) => of(client, name) },
    {
      head: server === null ? 'server (no such row)' : 'server',
      of: (name) => of(server, name),
    },
    { head: 'draft of the merge', of: (name) => of(draft, name), optional: true },
  ]);
  const notes = [...(clashing.size === 0 ? [] : ['✗ clashes']), ...acceptedNote(conflict)];
  return [rows, ...notes].join('\n');
}

/** C11: without it nobody sees why something clashes that the server still has as the device saw it, or the other way. */
function acceptedNote({ clash }: ShownConflict): string[] {
  const accepted = Object.entries(clash.accepted ?? {});
  if (accepted.length === 0) return [];
  const fields = accepted.map(([name, text]) => `${name} = ${text ?? 'NULL'}`).join(', ');
  return [`The device had ${fields} accepted from the same base before: it was compared with that.`];
}

function history({ events }: ShownConflict): string[] {
  if (events.length === 0) return [];
  return [
    table(events, [
      { head: 'when (UTC)', of: ({ at }) => moment(at) },
      { head: 'round', of: ({ round }) => round },
      { head: 'event', of: ({ event }) => event },
      { head: 'by', of: ({ by }) => by ?? '' },
      { head: '', of: ({ detail }) => shortened(detail.text ?? '', 80), optional: true },
    ]),
    '',
  ];
}

function ending(conflict: ShownConflict): string[] {
  const { id, state, outcome, closedAtMs, identify } = conflict;
  if (state === 'closed') {
    const { outcome: how, by } = (outcome ?? {}) as { outcome?: string; by?: string | null };
    const who = by == null ? '' : `, decided by ${by}`;
    return [`Closed ${closedAtMs === null ? '' : `${momentOf(closedAtMs)} UTC`}: ${how ?? 'closed'}${who}.`];
  }
  const fields = fieldsToGive(conflict).map((name) => ` --field ${shellWord(name)}=…`);
  const resolve = `syncline conflicts resolve ${id}`;
  return [
    'To decide:',
    `  ${resolve} --decision client${identify}    takes the device’s side`,
    `  ${resolve} --decision server${identify}    keeps the server’s`,
    ...(fields.length === 0 ? [] : [`  ${resolve} --decision merged${fields.join('')}${identify}`]),
  ];
}

export function momentOf(ms: number): string {
  return moment(new Date(ms).toISOString());
}
