/** Formats that a session's implicit conversions use. */

import { OraError } from '../ora-error.ts';
import type { EngineSession } from '../types.ts';
import { DEFAULT_FORMATS, type NlsFormats } from '../values/oracle-text.ts';

const SQL = 'SELECT parameter, value FROM nls_session_parameters';
const ROWS = 100;

export async function sessionFormats(session: EngineSession): Promise<NlsFormats> {
  const values = new Map<string, string>();
  try {
    const query = await session.query(session.parse(SQL), [], []);
    try {
      const { rows } = await query.fetch(ROWS);
      for (const [name, value] of rows) {
        if (typeof name === 'string' && typeof value === 'string') values.set(name, value);
      }
    } finally {
      await query.close();
    }
  } catch (error) {
    if (!(error instanceof OraError) || error.number !== 942) throw error;
  }
  return {
    date: values.get('NLS_DATE_FORMAT') ?? DEFAULT_FORMATS.date,
    timestamp: values.get('NLS_TIMESTAMP_FORMAT') ?? DEFAULT_FORMATS.timestamp,
    timestampTz: values.get('NLS_TIMESTAMP_TZ_FORMAT') ?? DEFAULT_FORMATS.timestampTz,
  };
}
