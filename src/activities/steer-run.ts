import { steer } from '../store/runs.ts';
import type { ActivityDeps } from './deps.ts';

/** Pause, resume, cancel: written where every claim reads it. A run that is over is left alone. */
export async function steerRun(
  deps: ActivityDeps,
  input: { runId: string; action: 'pause' | 'resume' | 'cancel'; by: string },
): Promise<void> {
  const done = await steer(deps.store.pool, input);
  deps.logger.info({ runId: input.runId, action: input.action, by: input.by, done }, 'run steered');
}
