/** `syncline worker`: polls Temporal until it is told to stop. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';

type WorkerOptions = { pipelines?: string; taskQueue?: string; workflowBundle?: string; metrics?: string };

export function workerCommand(register: Register): Command {
  const command = new Command('worker')
    .description('do the work of runs; start as many as you like')
    .option('--pipelines <names>', 'poll only the task queues of these pipelines (comma-separated)')
    .option('--task-queue <name>', 'poll this task queue')
    .option('--workflow-bundle <file>', 'workflow code bundled before')
    .option('--metrics <address>', 'serve Prometheus metrics, for example 127.0.0.1:9464');
  return register<WorkerOptions>(command, async (options) => {
    const config = await readConfig(options);
    const { startWorker } = await import('../../worker.ts');
    const worker = await startWorker({
      config,
      ...(options.pipelines && { pipelines: options.pipelines.split(',').map((name) => name.trim()) }),
      ...(options.taskQueue && { taskQueues: [options.taskQueue] }),
      ...(options.workflowBundle && { workflowBundlePath: options.workflowBundle }),
      ...(options.metrics && { metricsAddress: options.metrics }),
    });
    await worker.done;
    return EXIT.ok;
  });
}
