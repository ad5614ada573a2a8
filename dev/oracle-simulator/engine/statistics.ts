/** What statements cost: the rows of V$SQL. Buffer gets and disk reads are not known here. */

import { createHash } from 'node:crypto';
import type { Database } from '../schema/users.ts';
import type { Statement } from '../types.ts';

/** Statements that are remembered between two looks at V$SQL; Oracle forgets the oldest, too. */
const MAX_STATEMENTS = 2_000;

export type StatementCost = {
  readonly user: string;
  readonly text: string;
  readonly commandType: number;
  readonly executions: number;
  readonly fetches: number;
  readonly rows: number;
  readonly elapsedMicroseconds: number;
};

/** The cost of work that began at `startedAt`, by the process's clock. */
export function costOf(work: {
  readonly statement: Statement;
  readonly user: string;
  readonly startedAt: bigint;
  readonly executions?: number;
  readonly fetches?: number;
  readonly rows?: number;
}): StatementCost {
  const { statement, user, startedAt, executions = 0, fetches = 0, rows = 0 } = work;
  return {
    user,
    text: statement.text,
    commandType:
      commandTypes[statement.text.trimStart().slice(0, 6).toUpperCase()] ?? otherCommands[statement.kind],
    executions,
    fetches,
    rows,
    elapsedMicroseconds: Number((process.hrtime.bigint() - startedAt) / 1000n),
  };
}

/** V$SQL.COMMAND_TYPE. */
const commandTypes: Readonly<Record<string, number>> = { INSERT: 2, UPDATE: 6, DELETE: 7 };
const otherCommands = { query: 3, dml: 189, block: 47, other: 0 } as const;

export type Statistics = {
  record(cost: StatementCost): void;
  /** Writes to oracle.sql_statistics what was not written yet. */
  flush(db: Database): Promise<void>;
};

type Sum = { -readonly [Name in keyof StatementCost]: StatementCost[Name] };

export function createStatistics(): Statistics {
  let sums = new Map<string, Sum>();
  return {
    record(cost) {
      const key = `${cost.user}\0${cost.text}`;
      const sum = sums.get(key);
      if (sum === undefined) {
        if (sums.size >= MAX_STATEMENTS) sums.delete(sums.keys().next().value ?? '');
        sums.set(key, { ...cost });
        return;
      }
      sum.executions += cost.executions;
      sum.fetches += cost.fetches;
      sum.rows += cost.rows;
      sum.elapsedMicroseconds += cost.elapsedMicroseconds;
    },
    async flush(db) {
      const written = [...sums.values()];
      sums = new Map();
      if (written.length > 0) await write(db, written);
    },
  };
}

async function write(db: Database, sums: readonly Sum[]): Promise<void> {
  const rows = sums.map((sum) => ({ ...sum, sqlId: sqlIdOf(sum.text) }));
  await db.query(
    `INSERT INTO oracle.sql_statistics AS s (sql_id, parsing_schema_name, sql_text, command_type, executions, fetches,
      parse_calls, rows_processed, elapsed_time, cpu_time)
    SELECT "sqlId", "user", text, "commandType", executions, fetches, executions, rows, "elapsedMicroseconds",
      "elapsedMicroseconds"
    FROM jsonb_to_recordset($1::jsonb) AS r ("sqlId" text, "user" text, text text, "commandType" integer,
      executions numeric, fetches numeric, rows numeric, "elapsedMicroseconds" numeric)
    ON CONFLICT (sql_id, parsing_schema_name) DO UPDATE SET
      executions = s.executions + excluded.executions, fetches = s.fetches + excluded.fetches,
      parse_calls = s.parse_calls + excluded.parse_calls, rows_processed = s.rows_processed + excluded.rows_processed,
      elapsed_time = s.elapsed_time + excluded.elapsed_time, cpu_time = s.cpu_time + excluded.cpu_time,
      last_active_time = clock_timestamp()`,
    [JSON.stringify(rows)],
  );
}

const DIGITS = '0123456789abcdfghjkmnpqrstuvwxyz';

/** SQL_ID: the last 8 bytes of MD5 of the text and a NUL, as two words, in 13 digits of base 32. */
function sqlIdOf(text: string): string {
  const hash = createHash('md5').update(`${text}\0`).digest();
  let value = (BigInt(hash.readUInt32LE(8)) << 32n) | BigInt(hash.readUInt32LE(12));
  let digits = '';
  for (let place = 0; place < 13; place++) {
    digits = `${DIGITS[Number(value & 31n)]}${digits}`;
    value >>= 5n;
  }
  return digits;
}
