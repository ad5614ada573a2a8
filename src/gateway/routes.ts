/** Every route of the gateway, by the file that has it. */
import { registrationRoutes } from './access/register.ts';
import type { GatewayApp } from './app.ts';
import type { GatewayDeps } from './deps.ts';
import { batchPullRoutes } from './device/batch-pull.ts';
import { deviceConflictRoutes } from './device/conflicts.ts';
import { patchRecordRoutes } from './device/patch-record.ts';
import { pullRoutes } from './device/pull.ts';
import { pushRoutes } from './device/push.ts';
import { recordRoutes } from './device/records.ts';
import { resolveConflictRoutes } from './device/resolve-conflict.ts';
import { schemaRoutes } from './device/schema.ts';
import { statusRoutes } from './device/status.ts';
import { streamRoutes } from './device/stream.ts';
import { watermelonPullRoutes } from './device/watermelon-pull.ts';
import { watermelonPushRoutes } from './device/watermelon-push.ts';
import { healthRoutes } from './health.ts';
import { cleanUpRoutes } from './operator/cleanup.ts';
import { metricsRoutes } from './operator/metrics.ts';
import { operatorRoutes } from './operator/routes.ts';

type Routes = (app: GatewayApp, deps: GatewayDeps) => void;

const ROUTES: readonly Routes[] = [
  healthRoutes,
  registrationRoutes,
  pullRoutes,
  batchPullRoutes,
  pushRoutes,
  deviceConflictRoutes,
  resolveConflictRoutes,
  patchRecordRoutes,
  watermelonPushRoutes,
  streamRoutes,
  statusRoutes,
  metricsRoutes,
  cleanUpRoutes,
  schemaRoutes,
  recordRoutes,
  watermelonPullRoutes,
  operatorRoutes,
];

export async function registerRoutes(app: GatewayApp, deps: GatewayDeps): Promise<void> {
  for (const routes of ROUTES) routes(app, deps);
}
