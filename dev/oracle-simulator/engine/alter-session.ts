/** ALTER SESSION, and what it is that clients set when they log on. */

import { OraError } from '../ora-error.ts';
import type { SessionPlan } from '../sql/plan.ts';
import type { Core } from './core.ts';
import { searchPath, timeZoneSetting } from './settings.ts';

type Setting = (core: Core, value: string) => Promise<void>;

/** Parameters that change nothing that the simulator does. */
const accepted = new Set([
  'COMMIT_WRITE',
  'COMMIT_LOGGING',
  'COMMIT_WAIT',
  'CURSOR_SHARING',
  'DB_FILE_MULTIBLOCK_READ_COUNT',
  'DDL_LOCK_TIMEOUT',
  'EDITION',
  'NLS_CALENDAR',
  'NLS_CURRENCY',
  'NLS_DUAL_CURRENCY',
  'NLS_ISO_CURRENCY',
  'NLS_LENGTH_SEMANTICS',
  'OPTIMIZER_MODE',
  'PLSQL_CODE_TYPE',
  'PLSQL_OPTIMIZE_LEVEL',
  'PLSQL_WARNINGS',
  'RECYCLEBIN',
  'SKIP_UNUSABLE_INDEXES',
  'SORT_AREA_SIZE',
  'SQL_TRACE',
  'STATISTICS_LEVEL',
  'TIMED_STATISTICS',
  'TRACEFILE_IDENTIFIER',
]);

/** Those of which only one value is what the simulator does. */
const onlyValues: Readonly<Record<string, readonly string[]>> = {
  NLS_SORT: ['BINARY'],
  NLS_COMP: ['BINARY', 'ANSI'],
  NLS_LANGUAGE: ['AMERICAN', 'ENGLISH'],
  NLS_DATE_LANGUAGE: ['AMERICAN', 'ENGLISH'],
  NLS_TERRITORY: ['AMERICA'],
  CONTAINER: ['FREEPDB1'],
};

const settings: Readonly<Record<string, Setting>> = {
  TIME_ZONE: setTimeZone,
  NLS_DATE_FORMAT: format('date'),
  NLS_TIMESTAMP_FORMAT: format('timestamp'),
  NLS_TIMESTAMP_TZ_FORMAT: format('timestamp_tz'),
  async NLS_NUMERIC_CHARACTERS(core, value) {
    if (!/^[^0-9A-Za-z+<>-]{2}$/.test(value) || value[0] === value[1])
      throw invalidOption('NLS_NUMERIC_CHARACTERS');
    await apply(core, 'oracle.nls_numeric_characters', value);
  },
  async CURRENT_SCHEMA(core, value) {
    const { rowCount } = await core.services.control.query('SELECT FROM pg_namespace WHERE nspname = $1', [
      value,
    ]);
    if (rowCount === 0) throw new OraError(1435, 'user does not exist');
    await setSchema(core, value);
  },
  async ISOLATION_LEVEL(core, value) {
    core.transaction.setDefaultMode(/^SERIALIZABLE$/i.test(value) ? 'serializable' : 'read committed');
  },
};

export async function alterSession(core: Core, plan: SessionPlan): Promise<void> {
  if (plan.action !== 'set') {
    core.commitInProcedure = plan.action === 'disableCommit' ? 'refused' : 'allowed';
    return;
  }
  for (const { name, value } of plan.settings) await setOne(core, name, value);
}

async function setOne(core: Core, name: string, value: string): Promise<void> {
  const setting = settings[name];
  if (setting !== undefined) {
    await setting(core, value);
    return;
  }
  const allowed = onlyValues[name];
  if (allowed !== undefined) {
    if (allowed.includes(value.toUpperCase())) return;
    throw new OraError(
      12705,
      `Cannot access NLS data files or invalid environment specified (${name} = ${value})`,
    );
  }
  if (!accepted.has(name)) throw new OraError(2248, 'invalid option for ALTER SESSION');
}

function format(name: string): Setting {
  return (core, value) => apply(core, `oracle.nls_${name}_format`, value);
}

export async function setTimeZone(core: Core, zone: string): Promise<void> {
  const known = /^(LOCAL|DBTIMEZONE)$/i.test(zone) ? '+00:00' : zone;
  const setting = timeZoneSetting(known);
  try {
    await apply(core, 'TimeZone', setting);
  } catch (error) {
    throw new OraError(1882, 'timezone region not found', { cause: error });
  }
}

export async function setSchema(core: Core, schema: string): Promise<void> {
  await apply(core, 'search_path', searchPath(schema));
  await apply(core, 'oracle.current_schema', schema);
  core.schema = schema;
}

/** A value that PostgreSQL refuses is not remembered. */
async function apply({ transaction, settings }: Core, name: string, value: string): Promise<void> {
  const before = settings.get(name);
  try {
    await transaction.statement([settings.set(name, value)], 'reads');
  } catch (error) {
    settings.set(name, before);
    throw error;
  }
  await transaction.settle();
}

function invalidOption(name: string): OraError {
  return new OraError(12705, `Cannot access NLS data files or invalid environment specified (${name})`);
}
