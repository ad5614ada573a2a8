/** What the command line does with an Oracle source beside what it does with any: scripts, capture, top SQL. */
import type { SourceSettings } from '../../domain/config.ts';
import { type CaptureStatus, captureStatus, installCapture, removeCapture } from './capture.ts';
import { asScript, type CaptureSpec, installDdl, removeDdl } from './capture-ddl.ts';
import { describeRelation, type RelationDescription } from './describe-relation.ts';
import { entityBlock } from './entity-block.ts';
import { grantsForReading } from './grants-script.ts';
import { parseTable, quoteTable } from './relation.ts';
import { type Relation, type RelationFilter, readRelations } from './relations.ts';
import { inSession, openSessions } from './session.ts';
import { type TopSql, type TopSqlOptions, topSql } from './top-sql.ts';

/** Scripts are texts for SQL*Plus; nothing is connected for them. */
export type OracleTools = {
  /** What is captured of an entity, for the source's own user to read. */
  captureSpec(entity: { readonly table: string; readonly key: readonly string[] }): CaptureSpec;
  readonly scripts: {
    grants(of: { readonly tables: readonly string[]; readonly captured: readonly string[] }): string;
    captureInstall(spec: CaptureSpec): string;
    captureRemove(spec: CaptureSpec): string;
    /** An entry for `entities`. `key`: instead of the one that the dictionary knows. @throws SyncError CONFIG_INVALID */
    entity(relation: RelationDescription, key: readonly string[] | null): string;
  };
  relations(filter: RelationFilter, signal: AbortSignal): Promise<Relation[]>;
  /** @param table as `read.table` has it. */
  describe(table: string, signal: AbortSignal): Promise<RelationDescription>;
  captureInstall(spec: CaptureSpec, signal: AbortSignal): Promise<void>;
  captureRemove(spec: CaptureSpec, signal: AbortSignal): Promise<void>;
  captureStatus(spec: CaptureSpec, signal: AbortSignal): Promise<CaptureStatus>;
  topSql(options: TopSqlOptions, signal: AbortSignal): Promise<TopSql>;
  close(): Promise<void>;
};

/** Names as Oracle reads them: without quotes they are in upper case, and without a schema in the user's own. */
export function captureSpec(
  { table, key }: { readonly table: string; readonly key: readonly string[] },
  user: string,
): CaptureSpec {
  const reader = user.toUpperCase();
  const { schema, table: name } = parseTable(table);
  return {
    table: quoteTable({ schema: schema ?? reader, table: name }),
    key: key.map((column) => (/[A-Z]/.test(column) ? column : column.toUpperCase())),
    reader,
  };
}

export function openOracleTools(
  settings: SourceSettings,
  options: { readonly applicationName: string },
): OracleTools {
  const source = openSessions(settings, options.applicationName);
  const { user } = source.options;
  return {
    captureSpec: (entity) => captureSpec(entity, user),
    scripts: {
      grants: (of) => asScript(grantsForReading({ user, ...of })),
      captureInstall: (spec) => asScript(installDdl(spec)),
      captureRemove: (spec) => asScript(removeDdl(spec)),
      entity: entityBlock,
    },
    relations: (filter, signal) => inSession(source, { signal }, (session) => readRelations(session, filter)),
    describe: (table, signal) => inSession(source, { signal }, (session) => describeRelation(session, table)),
    captureInstall: (spec, signal) =>
      inSession(source, { signal }, (session) => installCapture(session, spec)),
    captureRemove: (spec, signal) => inSession(source, { signal }, (session) => removeCapture(session, spec)),
    captureStatus: (spec, signal) => inSession(source, { signal }, (session) => captureStatus(session, spec)),
    topSql: (which, signal) => inSession(source, { signal }, (session) => topSql(session, which)),
    close: () => source.pool.close(),
  };
}
