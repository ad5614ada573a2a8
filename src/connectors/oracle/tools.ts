/** What the command line does with an Oracle source beside what it does with any: scripts, capture, top SQL. */
import type { SourceSettings } from '../../domain/config.ts';
import { type CaptureStatus, captureStatus, installCapture, removeCapture } from './capture.ts';
import { asScript, type CaptureSpec, installDdl, removeDdl } from './capture-ddl.ts';
import { grantsForReading } from './grants-script.ts';
import { inSession, openSessions } from './session.ts';
import { type TopSql, type TopSqlOptions, topSql } from './top-sql.ts';

/** Scripts are texts for SQL*Plus; nothing is connected for them. */
export type OracleTools = {
  /** The source's own user: who reads the log of a captured table. */
  readonly user: string;
  readonly scripts: {
    grants(tables: readonly string[]): string;
    captureInstall(spec: CaptureSpec): string;
    captureRemove(spec: CaptureSpec): string;
  };
  captureInstall(spec: CaptureSpec, signal: AbortSignal): Promise<void>;
  captureRemove(spec: CaptureSpec, signal: AbortSignal): Promise<void>;
  captureStatus(spec: CaptureSpec, signal: AbortSignal): Promise<CaptureStatus>;
  topSql(options: TopSqlOptions, signal: AbortSignal): Promise<TopSql>;
  close(): Promise<void>;
};

export function openOracleTools(
  settings: SourceSettings,
  options: { readonly applicationName: string },
): OracleTools {
  const source = openSessions(settings, options.applicationName);
  const { user } = source.options;
  return {
    user,
    scripts: {
      grants: (tables) => asScript(grantsForReading({ user, tables })),
      captureInstall: (spec) => asScript(installDdl(spec)),
      captureRemove: (spec) => asScript(removeDdl(spec)),
    },
    captureInstall: (spec, signal) =>
      inSession(source, { signal }, (session) => installCapture(session, spec)),
    captureRemove: (spec, signal) => inSession(source, { signal }, (session) => removeCapture(session, spec)),
    captureStatus: (spec, signal) => inSession(source, { signal }, (session) => captureStatus(session, spec)),
    topSql: (which, signal) => inSession(source, { signal }, (session) => topSql(session, which)),
    close: () => source.pool.close(),
  };
}
