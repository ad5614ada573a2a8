/** Configurations for tests: a small valid one, and changes to it by path. */
import { parseConfig } from '../../src/config/load.ts';
import { postgresOptions } from '../../src/connectors/postgres/config.ts';
import type { SyncConfig } from '../../src/domain/config.ts';
import { env } from '../../src/domain/env-ref.ts';
import { SyncError } from '../../src/domain/errors.ts';

export const ENVIRONMENT = {
  DATABASE_URL: 'postgres://writer:Zu8-store-pass@store:5432/mirror',
  ERP_URL: 'postgres://reader:Zu8-source-pass@erp:5432/erp',
  FLEET_URL: 'postgres://reader:Zu8-other-pass@fleet:5432/fleet',
};

/** Any JSON-like value, functions and env references too. */
// biome-ignore lint/suspicious/noExplicitAny: tests write what the type of defineSync would refuse
export type Written = any;

export function smallConfig(): Written {
  return {
    store: { url: env('DATABASE_URL') },
    sources: { erp: { kind: 'postgres', url: env('ERP_URL') } },
    pipelines: {
      hr: {
        source: 'erp',
        entities: { employees: { read: { table: 'hr.employees' }, key: 'ID', mirror: 'hr.employees' } },
      },
    },
  };
}

export const EMPLOYEES = 'pipelines.hr.entities.employees';

/** The small configuration with values put at dotted paths; undefined removes. */
export function changed(changes: Readonly<Record<string, unknown>>): Written {
  const config = smallConfig();
  for (const [path, value] of Object.entries(changes)) {
    const parts = path.split('.');
    const last = parts.pop() as string;
    const place = parts.reduce((here, part) => {
      here[part] ??= {};
      return here[part];
    }, config);
    if (value === undefined) delete place[last];
    else place[last] = value;
  }
  return config;
}

export function parsed(written: Written, environment: NodeJS.ProcessEnv = ENVIRONMENT): SyncConfig {
  return parseConfig({
    path: 'syncline.config.ts',
    written,
    environment,
    sourceKinds: { postgres: postgresOptions },
  });
}

/** The message of the one error that the configuration gives. */
export function refusal(written: Written, environment: NodeJS.ProcessEnv = ENVIRONMENT): string {
  try {
    parsed(written, environment);
  } catch (error) {
    if (error instanceof SyncError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}
