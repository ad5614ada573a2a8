/** A worker in a process of its own. */
import { type CliProcess, startCliProcess } from './cli-process.ts';

export type WorkerProcess = CliProcess;

/** @returns once the worker polls Temporal. */
export function startWorkerProcess(options: {
  config: string;
  workflowBundle: string;
  environment: Readonly<Record<string, string>>;
  mainPath?: string;
}): Promise<WorkerProcess> {
  const { config, workflowBundle, environment, mainPath } = options;
  return startCliProcess({
    command: ['worker', '--config', config, '--workflow-bundle', workflowBundle],
    environment,
    readyWhen: '"worker polls"',
    mainPath,
  });
}
