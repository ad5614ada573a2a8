/** Who may call what, and how to ask. */
import { type Caller, canary, FIELDS, type Field, PIPELINE } from './permission-kit.ts';

const D = ['device'];
const O = ['operator'];
const AO = ['approver', 'operator'];

/** Who may call what, beside admins. A new call is to be written here too: that is the point. */
export const CALLS: Readonly<Record<string, readonly string[] | 'public'>> = {
  'GET /v1/health': 'public',
  'GET /v1/ready': 'public',
  'POST /v1/sync/register': D,
  'GET /v1/sync/{entity}/pull': D,
  'POST /v1/sync/pull': D,
  'POST /v1/sync/{entity}/push': D,
  'POST /v1/sync/push': D,
  'GET /v1/sync/{entity}/stream': D,
  'GET /v1/sync/stream': D,
  'GET /v1/sync/{entity}/schema': D,
  'GET /v1/sync/status': D,
  'GET /v1/sync/conflicts': D,
  'POST /v1/sync/resolve-conflict': D,
  'GET /v1/watermelon/pull': D,
  'POST /v1/watermelon/push': D,
  'GET /v1/entities/{entity}': ['device', 'approver', 'operator'],
  'GET /v1/entities/{entity}/{key}': ['device', 'approver', 'operator'],
  'PATCH /v1/entities/{entity}/{key}': ['device', 'operator'],
  'GET /v1/conflicts': AO,
  'GET /v1/conflicts/{id}': AO,
  'POST /v1/conflicts/{id}/decide': AO,
  'POST /v1/conflicts/{id}/assign': AO,
  'POST /v1/conflicts/{id}/comment': AO,
  'POST /v1/conflicts/{id}/withdraw': AO,
  'GET /v1/tasks': AO,
  'POST /v1/tasks/{id}/close': AO,
  'GET /v1/explain/{entity}/{key}': AO,
  'POST /v1/sync/cleanup': O,
  'GET /v1/sync/metrics': O,
  'GET /v1/status': O,
  'GET /v1/sources': O,
  'GET /v1/source-kinds': O,
  'POST /v1/sources/{name}/test': O,
  'GET /v1/pipelines': O,
  'GET /v1/pipelines/{name}': O,
  'POST /v1/pipelines/{name}/runs': O,
  'POST /v1/pipelines/{name}/schedules/{mode}/pause': O,
  'POST /v1/pipelines/{name}/schedules/{mode}/resume': O,
  'POST /v1/pipelines/{name}/schedules/{mode}/trigger': O,
  'GET /v1/schedules': O,
  'POST /v1/schedules/apply': O,
  'GET /v1/runs': O,
  'GET /v1/runs/{id}': O,
  'GET /v1/runs/{id}/events': O,
  'POST /v1/runs/{id}/pause': O,
  'POST /v1/runs/{id}/resume': O,
  'POST /v1/runs/{id}/cancel': O,
  'GET /v1/quarantine': O,
  'GET /v1/quarantine/{entity}/{key}': O,
  'POST /v1/quarantine/retry': O,
  'POST /v1/quarantine/drop': O,
  'GET /v1/skipped': O,
  'GET /v1/backups': O,
  'POST /v1/backups/{id}/restore': [],
  'GET /v1/devices': O,
  'POST /v1/devices/{id}/revoke': O,
};

/** Changes are asked for with a body that no call takes: whoever may call hears of the body, everybody else of himself. */
export function requestOf(call: string, conflict: string) {
  const [method, path] = call.split(' ') as [string, string];
  const isRead = method === 'GET';
  const values: Record<string, string> = {
    // Nobody knows which partition a quarantined row is of: those of partitioned entities are the admins'.
    entity: path.startsWith('/v1/quarantine') ? 'unserved' : 'deals',
    key: '5',
    id: path.startsWith('/v1/conflicts') ? conflict : 'nobody',
    name: isRead ? PIPELINE : 'nobody',
    mode: 'full',
  };
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'x');
  return { method, path: filled, ...(!isRead && { body: ['no such body'] }) };
}

/** The code of the refusal, or null where the call is theirs. */
export function refusal({ roles, device }: Caller, wanted: readonly string[]): string | null {
  if (device === 'revoked') return 'DEVICE_REVOKED';
  if (!roles.includes('admin') && !wanted.some((role) => roles.includes(role))) return 'FORBIDDEN';
  const isOfDevices = device !== null || (wanted.length === 1 && wanted[0] === 'device');
  return isOfDevices && device !== 'registered' ? 'DEVICE_UNKNOWN' : null;
}

export const codeOf = (text: string): unknown => {
  try {
    return (JSON.parse(text) as { code?: unknown }).code;
  } catch {
    return undefined;
  }
};

export type Document = Record<string, unknown>;

/** Rows as somebody has to get them, whatever way they come. */
export function shown({ sees, hidden }: Caller): Document[] {
  const fields = FIELDS.filter((field) => !hidden.includes(field));
  return sees.map((id) => ({ id, ...Object.fromEntries(fields.map((field) => [field, canary(id, field)])) }));
}

export function asShown(documents: readonly Document[]): Document[] {
  const kept = documents.filter(({ _deleted }) => _deleted !== true);
  const known = kept.map((document) => {
    const fields = ['salary', 'title', 'bonus'].filter((field) => field in document);
    return {
      id: Number(document.id),
      ...Object.fromEntries(fields.map((field) => [field, document[field]])),
    };
  });
  return known.sort((left, right) => Number(left.id) - Number(right.id));
}

export function comparable(text: string): unknown {
  const { requestId: _, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return rest;
}

/** What somebody writes is known by its row and field too. */
export function mine(name: string, { id, field }: { id: number; field: Field }): string {
  return `${canary(id, field)}-${name}`;
}

export function verdictOf(
  { sees, hidden, readOnly, roles }: Caller,
  { id, field }: { id: number; field: Field },
): string {
  // Who sees every row is told of a key without one by the entity's policy: people decide.
  if (!sees.includes(id)) return roles.includes('admin') ? 'pending_approval' : 'conflict';
  return hidden.includes(field) || readOnly.includes(field) ? 'rejected' : 'applied';
}
