/** `syncline pause | resume | cancel <pipeline>`: a run that is under way, or that waits for its turn. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { pipelineOf } from '../../service/names.ts';
import { type SteeringAct, steerRun, workflowUnderWay } from '../../service/steer.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { userName } from '../who.ts';

const ACTS = {
  pause: { what: 'stop a run between two pieces; it keeps its place', next: 'resume' },
  resume: { what: 'let a paused run go on', next: null },
  cancel: { what: 'end a run; what is loaded stays, its checkpoint does not move', next: null },
} as const satisfies Record<SteeringAct, unknown>;

type SteerOptions = { note?: string; by?: string };

export function steerCommand(act: SteeringAct): (register: Register) => Command {
  const { what, next } = ACTS[act];
  return (register) => {
    const command = new Command(act)
      .description(what)
      .argument('<pipeline>')
      .option('--note <text>', 'why; shown with the run')
      .option('--by <name>', 'who says so (default: your user name)');
    return register<SteerOptions>(command, (options, output, [pipeline]) =>
      withContext(options, async (context) => {
        const spec = pipelineOf(context.config, pipeline as string);
        const [store, client] = [await context.store(), await context.temporal()];
        const workflowId = await workflowUnderWay({ store, client }, spec);
        const asked = { by: options.by ?? userName(), ...(options.note && { note: options.note }) };
        const status = await steerRun(client, { workflowId, taskQueue: spec.taskQueue, act, asked });
        output.result({ pipeline: spec.pipeline, workflowId, status }, () => {
          const then = next === null ? '' : ` \`syncline ${next} ${spec.pipeline}\` lets it go on.`;
          return `${workflowId} is ${status}.${then}`;
        });
        return EXIT.ok;
      }),
    );
  };
}
