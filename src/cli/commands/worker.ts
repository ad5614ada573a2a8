/** `syncline worker`: polls Temporal until it is told to stop. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { nameList, usageError } from '../arguments.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';

type WorkerOptions = { pipelines?: string; taskQueue?: string; workflowBundle?: string; metrics?: string };

export function workerCommand(register: Register): Command {
  const command = new Command('worker')
    .description('do the work of runs; start as many as you like, on as many machines')
    .option('--pipelines <names>', 'poll only the task queues of these pipelines (comma-separated)')
    .option('--task-queue <name>', 'poll this task queue only')
    .option('--workflow-bundle <file>', 'workflow code bundled before')
    .option('--metrics <address>', 'serve Prometheus metrics, for example 127.0.0.1:9464');
  return register<WorkerOptions>(command, async (options) => {
    const { pipelines, taskQueue, workflowBundle, metrics } = options;
    const wanted = {
      ...(pipelines !== undefined && { pipelines: nameList(pipelines, '--pipelines') }),
      ...(taskQueue !== undefined && { taskQueues: [taskQueue] }),
      ...(workflowBundle !== undefined && { workflowBundlePath: bundleFile(workflowBundle) }),
      ...(metrics !== undefined && { metricsAddress: metricsAddress(metrics) }),
    };
    const config = await readConfig(options);
    // It would take what is meant for others, and could do nothing with it.
    if (Object.keys(config.pipelines).length === 0) {
      throw usageError(
        'The configuration has no pipelines: there is no work for a worker',
        'Write `pipelines`.',
      );
    }
    // Brings a native library along, which other commands do without.
    const { startWorker } = await import('../../worker.ts');
    const worker = await startWorker({ config, ...wanted });
    await worker.done;
    return EXIT.ok;
  });
}

function bundleFile(path: string): string {
  if (existsSync(path)) return path;
  throw usageError(`--workflow-bundle ${path} does not exist`, 'Leave it out: the package has its own.');
}

function metricsAddress(text: string): string {
  if (/^[^\s:]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(text)) return text;
  throw usageError(
    `--metrics ${text} is no address`,
    'Write --metrics with host and port, such as 127.0.0.1:9464.',
  );
}
