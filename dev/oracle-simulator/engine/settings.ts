/** Settings of a session, as PostgreSQL knows them. They outlive rollbacks, which would take them back. */

import { OraError } from '../ora-error.ts';
import type { Command } from './pipeline.ts';

export type SessionSettings = {
  get(name: string): string;
  /** Changes it; the command makes it so. */
  set(name: string, value: string): Command;
  /** What to send when PostgreSQL took changes back. */
  restore(): readonly Command[];
  /** All of them for one transaction of another connection. */
  local(): readonly Command[];
};

const applySql = 'SELECT set_config($1, $2, false)';
const applyLocallySql = 'SELECT set_config($1, $2, true)';

export function createSettings(initial: Readonly<Record<string, string>>): SessionSettings {
  const values = new Map(Object.entries(initial));
  const changed = new Set<string>();
  return {
    get: (name) => values.get(name) ?? '',
    set(name, value) {
      values.set(name, value);
      changed.add(name);
      return { text: applySql, values: [name, value] };
    },
    restore() {
      return [...changed].map((name) => ({ text: applySql, values: [name, values.get(name) ?? ''] }));
    },
    local() {
      return [...values].map(([name, value]) => ({ text: applyLocallySql, values: [name, value] }));
    },
  };
}

/** What every connection has, whatever a session asks for: the forms in which values are read. */
export const formSettings: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  client_min_messages: 'error',
  // A generic plan knows no binds, and picks sequential scans for `ROWID BETWEEN`.
  plan_cache_mode: 'force_custom_plan',
  // Limits of the server's that a session of Oracle knows nothing of.
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** Nobody logs on as it, as it has no password; its sessions are PostgreSQL's superuser. */
export const ADMINISTRATOR = 'SYS';

export function sessionSettings(user: string): Record<string, string> {
  return {
    role: user === ADMINISTRATOR ? 'none' : user,
    search_path: searchPath(user),
    TimeZone: 'UTC',
    'oracle.current_schema': user,
  };
}

export function searchPath(schema: string): string {
  return `${identifier(schema)}, "SYS", oracle, pg_catalog`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `+02:00`, `-5:30` as PostgreSQL's setting, whose sign is POSIX's; names of regions as they are. */
export function timeZoneSetting(zone: string): string {
  const [, sign, hours, minutes] = /^([+-])?(\d{1,2}):(\d\d)$/.exec(zone) ?? [];
  if (hours === undefined || minutes === undefined) return regionSetting(zone);
  if (Number(hours) > 15 || Number(minutes) > 59) {
    throw new OraError(1874, 'time zone hour must be between -15 and 15');
  }
  const name = `${sign ?? '+'}${hours.padStart(2, '0')}:${minutes}`;
  return `<${name}>${sign === '-' ? '+' : '-'}${name.slice(1)}`;
}

function regionSetting(zone: string): string {
  if (/^[A-Za-z_]+(\/[A-Za-z_+-]+)*\d*$/.test(zone)) return zone;
  throw new OraError(1882, 'timezone region not found');
}
