/** Change capture as runs see it: the state of an entity's log, its pages, and the end of its old entries. */
import type { EntityPlan, EntitySpec } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { addMs } from '../../domain/instants.ts';
import type { CaptureState } from '../../domain/source-shape.ts';
import type { CapturedPage, CapturedRange, CapturePurge, ChangeCapture } from '../contract.ts';
import type { CaptureSpec } from './capture-ddl.ts';
import { purgeCaptured, readCaptured } from './capture-read.ts';
import { lookAtCapture } from './capture-state.ts';
import { readTable, type TableFacts } from './dictionary.ts';
import { readClock } from './high-mark.ts';
import { quoteName, quoteTable } from './relation.ts';
import { serverInstant } from './server-clock.ts';
import { inSession, type OracleSource, type Session } from './session.ts';
import { isNotGranted } from './snapshot.ts';

export function changeCapture(source: OracleSource): ChangeCapture {
  return {
    read: (plan, range, signal) => inSession(source, { signal }, (session) => readPage(session, plan, range)),
    purge: (plan, range, signal) =>
      inSession(source, { signal, action: 'purge' }, (session) => purge(session, plan, range)),
  };
}

/** null: the entity does not ask for it. `keys`: as the source spells them. */
export async function captureState(
  session: Session,
  spec: EntitySpec,
  { table, keys, source }: { table: TableFacts | null; keys: readonly string[]; source: OracleSource },
): Promise<CaptureState | null> {
  if (!spec.capture) return null;
  if (table === null) {
    return {
      id: '',
      since: null,
      problems: ['`read.table` is no table that we can see, and only tables are captured'],
      remedy: 'Name the table itself instead of a view, or remove `capture` and name a `changedAt` column.',
    };
  }
  const look = await lookAtCapture(session, specOf(table, keys));
  const { id, problems, changed } = look;
  const since = changed === null ? null : await endOfSecond(session, changed, source.settings.timeZone);
  return { id, since, problems, remedy: remedyOf(spec, look, source.options.user) };
}

/** The dictionary's times have no fractions. */
async function endOfSecond(session: Session, wall: string, timeZone: string): Promise<string> {
  return addMs(serverInstant(wall, await readClock(session), timeZone), 1_000);
}

function remedyOf(
  { entity }: EntitySpec,
  { names, state, problems }: Awaited<ReturnType<typeof lookAtCapture>>,
  user: string,
): string {
  const { schema, trigger } = names;
  const install = `run \`syncline oracle capture install ${entity}\`, which prints the statements for a DBA`;
  const then = 'The next run is full by itself.';
  const [first = ''] = problems;
  if (state === 'absent') return `${upper(install)}. ${then}`;
  if (first.endsWith('is disabled'))
    return `ALTER TRIGGER ${quoteTable({ schema, table: trigger })} ENABLE. ${then}`;
  const shown = first.includes('show')
    ? `If it is there: GRANT SELECT ON SYS.DBA_TRIGGERS and ON SYS.DBA_OBJECTS TO ${quoteName(user.toUpperCase())}. If not: `
    : '';
  const again = `run \`syncline oracle capture remove ${entity}\`, then ${install.slice('run '.length)}`;
  return `${shown}${shown === '' ? upper(again) : again}. ${then}`;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function readPage(session: Session, plan: EntityPlan, range: CapturedRange): Promise<CapturedPage> {
  const { changes, position, done } = await readCaptured(session, await capturedTable(session, plan), range);
  return { keys: [...new Set(changes.map(({ key }) => key))], position, done };
}

async function purge(
  session: Session,
  plan: EntityPlan,
  range: { before: string; limit: number },
): Promise<CapturePurge> {
  const spec = await capturedTable(session, plan);
  try {
    return (await purgeCaptured(session, spec, range)) < range.limit ? 'all' : 'more';
  } catch (error) {
    if (isNotGranted(error)) return 'refused';
    throw error;
  }
}

/** `read.table` may be a synonym: log and trigger are named after the table behind it. */
async function capturedTable(session: Session, { spec }: EntityPlan): Promise<CaptureSpec> {
  const table = await readTable(session, spec.read);
  if (table !== null) return specOf(table, spec.key);
  throw new SyncError('CAPTURE_BROKEN', {
    message: `Entity ${spec.entity}: its table is not there, or not granted`,
    details: { scope: 'entity' },
  });
}

function specOf({ owner, name }: TableFacts, key: readonly string[]): CaptureSpec {
  return { table: quoteTable({ schema: owner, table: name }), key };
}
