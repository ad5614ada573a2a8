/** The two calls of a logon: the challenge (118), and the answer with what the client says of itself (115). */

import { OraError } from '../ora-error.ts';
import { type ClientCapabilities, FIELD_VERSION } from './capabilities.ts';
import { readClientText, readKeyValue } from './client-text.ts';
import { ProtocolError, type TtcReader } from './reader.ts';
import type { Parameter } from './verifier.ts';
import type { TtcWriter } from './writer.ts';

const PARAMETERS = 8;
const MAX_PAIRS = 1000;
/** SYSDBA, SYSOPER, PRELIM, SYSASM, SYSBACKUP, SYSDG, SYSKM, SYSRAC. */
const PRIVILEGED = 0x0f40_00e0;

export type LogonMessage = {
  /** As Oracle spells it: upper case unless quoted. */
  readonly user: string;
  readonly mode: number;
  readonly pairs: ReadonlyMap<string, string>;
};

/** Behind the function header. */
export function readLogon(reader: TtcReader, client: ClientCapabilities): LogonMessage {
  reader.uint8(); // pointer
  const userBytes = reader.count();
  const mode = reader.count();
  reader.uint8(); // pointer
  const count = reader.count();
  if (count > MAX_PAIRS) throw new ProtocolError(`${count} parameters of a logon`);
  reader.uint8(); // pointers
  reader.uint8();
  const user = readClientText(reader, client, userBytes);
  const pairs = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const { key, value } = readKeyValue(reader);
    pairs.set(trimEnd(key), trimEnd(value));
  }
  return { user: userName(user), mode, pairs };
}

/** Logons that this server does not know are refused, not taken for ordinary ones. @throws OraError */
export function refuseUnknownLogon(message: LogonMessage): void {
  if ((message.mode & PRIVILEGED) !== 0) {
    throw new OraError(1031, 'insufficient privileges (the simulator has no administrative logons)');
  }
  if (message.pairs.has('PROXY_CLIENT_NAME')) {
    throw new OraError(28150, 'proxy not authorized to connect as client');
  }
  if (message.pairs.has('AUTH_NEWPASSWORD')) {
    throw new OraError(3001, 'unimplemented feature: change of a password');
  }
  if (message.pairs.has('AUTH_TOKEN')) throw new OraError(3001, 'unimplemented feature: logon by token');
}

export function writeParameters(writer: TtcWriter, parameters: readonly Parameter[]): void {
  writer.uint8(PARAMETERS);
  writer.ub(parameters.length);
  for (const { key, value, flags } of parameters) {
    writer.countedText(key);
    writer.countedText(value);
    writer.ub(flags);
  }
}

/** What the client learns of the session. */
export function sessionParameters(session: {
  readonly id: number;
  readonly serial: number;
  readonly service: string;
  readonly fieldVersion: number;
  readonly proof: string;
}): Parameter[] {
  const values = {
    AUTH_SVR_RESPONSE: session.proof,
    AUTH_VERSION_NO: String(serverVersion(session.fieldVersion)),
    AUTH_SC_SERVICE_NAME: session.service,
    AUTH_SC_DBUNIQUE_NAME: 'SYNCSIM',
    AUTH_SC_REAL_DBUNIQUE_NAME: 'SYNCSIM',
    AUTH_SC_DB_DOMAIN: '',
    AUTH_DBNAME: session.service.toUpperCase(),
    AUTH_INSTANCENAME: 'syncsim',
    AUTH_MAX_OPEN_CURSORS: '300',
    AUTH_MAX_IDEN_LENGTH: '128',
    AUTH_SESSION_ID: String(session.id),
    AUTH_SERIAL_NUM: String(session.serial),
  };
  return Object.entries(values).map(([key, value]) => ({ key, value, flags: 0 }));
}

/** 19.21.0.0.0, as clients of the field version read it; 12.1.0.0.0 for older ones. */
export function serverVersion(fieldVersion: number): number {
  return fieldVersion >= FIELD_VERSION.v18 ? (19 << 24) | (21 << 16) : (12 << 24) | (1 << 20);
}

/** Names as `EngineSession.describeClient` takes them. */
const CLIENT_VALUES: Readonly<Record<string, string>> = {
  AUTH_PROGRAM_NM: 'program',
  AUTH_MACHINE: 'machine',
  AUTH_TERMINAL: 'terminal',
  AUTH_PID: 'process',
  AUTH_SID: 'osUser',
  SESSION_CLIENT_DRIVER_NAME: 'driver',
};

export function clientValues(pairs: ReadonlyMap<string, string>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, name] of Object.entries(CLIENT_VALUES)) {
    const value = pairs.get(key);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/**
 * The session's time zone out of the client's ALTER SESSION, `+HH:MM`; null: it sets none. A region is taken at its
 * offset of this moment. @throws OraError
 */
export function sessionTimeZone(alterSession: string | undefined, now: Date): string | null {
  const zone = /\bTIME_ZONE\s*=\s*'([^']*)'/i.exec(alterSession ?? '')?.[1];
  if (zone === undefined) return null;
  const offset = /^([+-]?)(\d{1,2}):(\d{1,2})$/.exec(zone.trim());
  if (offset === null) return regionOffset(zone.trim(), now);
  const [, sign = '', hours = '', minutes = ''] = offset;
  if (Number(hours) > 15 || Number(minutes) > 59) {
    throw new OraError(1874, 'time zone hour must be between -15 and 15');
  }
  return `${sign === '-' ? '-' : '+'}${hours.padStart(2, '0')}:${minutes.padStart(2, '0')}`;
}

function regionOffset(region: string, now: Date): string {
  let name: string | undefined;
  try {
    name = new Intl.DateTimeFormat('en-US', { timeZone: region, timeZoneName: 'longOffset' })
      .formatToParts(now)
      .find(({ type }) => type === 'timeZoneName')?.value;
  } catch (cause) {
    throw new OraError(1882, `timezone region ${region} not found`, { cause });
  }
  const offset = /([+-]\d\d:\d\d)/.exec(name ?? '')?.[1];
  return offset ?? '+00:00';
}

function userName(text: string): string {
  const trimmed = text.trim();
  const quoted = /^"([^"]+)"$/.exec(trimmed)?.[1];
  return quoted ?? trimmed.toUpperCase();
}

/** Some clients end texts with a NUL. */
function trimEnd(text: string): string {
  return text.endsWith('\0') ? text.slice(0, -1) : text;
}
