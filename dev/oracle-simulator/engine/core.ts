/** What the parts of a session share. */

import type pg from 'pg';
import type { ColumnCache } from '../schema/types.ts';
import type { StatementPlan } from '../sql/plan.ts';
import type { RenderContext } from '../sql/render/renderer.ts';
import type { BindType, Cell, Column, Statement } from '../types.ts';
import type { Backend } from './backend.ts';
import type { Control } from './control.ts';
import type { ErrorContext } from './error-rules.ts';
import { oracleError } from './errors.ts';
import type { SessionLobs } from './lobs.ts';
import type { ReaderPool } from './readers.ts';
import type { ScnKeeper } from './scn.ts';
import type { SessionSettings } from './settings.ts';
import type { Transaction } from './transaction.ts';

/** What sessions have in common. */
export type Services = {
  /** Oracle's columns of a result. */
  columns(fields: readonly pg.FieldDef[], nulls?: 'asDeclared' | 'everywhere'): Promise<readonly Column[]>;
  readonly columnCache: ColumnCache;
  /** Texts of queries that were executed, and whether they give LOBs. */
  readonly lobQueries: Map<string, boolean>;
  /** Whether a stored table has this name. */
  isTable(schema: string, name: string): Promise<boolean>;
  readonly scn: ScnKeeper;
  readonly readers: ReaderPool;
  /** A connection of the superuser, for what sessions may not do themselves. */
  readonly control: Control;
  /** Tables, columns or privileges may be others now. */
  schemaChanged(): void;
  /** Users or their passwords may be others now. */
  usersChanged(): Promise<void>;
};

export type Core = {
  readonly user: string;
  readonly services: Services;
  readonly backend: Backend;
  readonly transaction: Transaction;
  readonly lobs: SessionLobs;
  readonly settings: SessionSettings;
  /** Connections other than `backend` that may be at work for this session. */
  readonly readersAtWork: Set<Backend>;
  /** Lines of DBMS_OUTPUT; null: not enabled. */
  output: string[] | null;
  /** For V$SESSION. */
  describeClient(values: Readonly<Record<string, string>>): void;
  /** CURRENT_SCHEMA. */
  schema: string;
  /** ALTER SESSION DISABLE COMMIT IN PROCEDURE. */
  commitInProcedure: 'allowed' | 'refused';
};

/** An execution's statement with the values of its binds. */
export type Bound = {
  readonly statement: Statement;
  readonly binds: readonly BindType[];
  readonly row: readonly Cell[];
};

export function planOf(statement: Statement): StatementPlan {
  return statement.plan as StatementPlan;
}

export function renderContext({ user, schema }: Core, binds: readonly BindType[]): RenderContext {
  return { binds, user, schema };
}

/** Runs the work of a statement; what PostgreSQL says becomes what Oracle would have said. */
export async function asOracle<T>(context: ErrorContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw oracleError(error, context);
  }
}
