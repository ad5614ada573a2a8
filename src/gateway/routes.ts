/** Every route of the gateway, by the file that has it. */
import { registrationRoutes } from './access/register.ts';
import type { GatewayApp } from './app.ts';
import type { GatewayDeps } from './deps.ts';
import { batchPullRoutes } from './device/batch-pull.ts';
import { pullRoutes } from './device/pull.ts';
import { pushRoutes } from './device/push.ts';
import { schemaRoutes } from './device/schema.ts';
import { statusRoutes } from './device/status.ts';
import { streamRoutes } from './device/stream.ts';
import { healthRoutes } from './health.ts';
import { cleanUpRoutes } from './operator/cleanup.ts';
import { metricsRoutes } from './operator/metrics.ts';

type Routes = (app: GatewayApp, deps: GatewayDeps) => void;

const ROUTES: readonly Routes[] = [
  healthRoutes,
  registrationRoutes,
  pullRoutes,
  batchPullRoutes,
  pushRoutes,
  streamRoutes,
  statusRoutes,
  metricsRoutes,
  cleanUpRoutes,
  schemaRoutes,
];

export async function registerRoutes(app: GatewayApp, deps: GatewayDeps): Promise<void> {
  for (const routes of ROUTES) routes(app, deps);
}
