/** Every route of the gateway, by the file that has it. */
import { registrationRoutes } from './access/register.ts';
import type { GatewayApp } from './app.ts';
import type { GatewayDeps } from './deps.ts';
import { healthRoutes } from './health.ts';

type Routes = (app: GatewayApp, deps: GatewayDeps) => void;

const ROUTES: readonly Routes[] = [healthRoutes, registrationRoutes];

export async function registerRoutes(app: GatewayApp, deps: GatewayDeps): Promise<void> {
  for (const routes of ROUTES) routes(app, deps);
}
