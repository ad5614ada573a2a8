/** What operators and approvers call. */
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { backupRoutes } from './backups.ts';
import { conflictMessageRoutes } from './conflict-messages.ts';
import { conflictRoutes } from './conflicts.ts';
import { deviceRoutes } from './devices.ts';
import { explainRoutes } from './explain.ts';
import { pipelineRoutes } from './pipelines.ts';
import { quarantineRoutes } from './quarantine.ts';
import { runEventRoutes } from './run-events.ts';
import { runRoutes } from './runs.ts';
import { scheduleRoutes } from './schedules.ts';
import { skippedRoutes } from './skipped.ts';
import { sourceRoutes } from './sources.ts';
import { statusRoutes } from './status.ts';
import { taskRoutes } from './tasks.ts';

export function operatorRoutes(app: GatewayApp, deps: GatewayDeps): void {
  for (const routes of [
    statusRoutes,
    sourceRoutes,
    pipelineRoutes,
    scheduleRoutes,
    runRoutes,
    runEventRoutes,
    quarantineRoutes,
    skippedRoutes,
    conflictRoutes,
    conflictMessageRoutes,
    taskRoutes,
    backupRoutes,
    deviceRoutes,
    explainRoutes,
  ]) {
    routes(app, deps);
  }
}
