/** Whether the process is alive, and whether it can serve. */
import { z } from 'zod';
import type { GatewayApp } from './app.ts';
import type { GatewayDeps } from './deps.ts';

export function healthRoutes(app: GatewayApp, { store }: GatewayDeps): void {
  app.get(
    '/v1/health',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Whether the process is alive',
        response: { 200: z.object({ status: z.literal('alive') }) },
      },
    },
    async () => ({ status: 'alive' as const }),
  );
  app.get(
    '/v1/ready',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Whether it can serve requests: the store answers',
        response: { 200: z.object({ status: z.literal('ready') }) },
      },
    },
    async () => {
      await store.probePool.query('SELECT 1');
      return { status: 'ready' as const };
    },
  );
}
