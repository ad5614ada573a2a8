/** A gateway in a process of its own. */
import { type CliProcess, startCliProcess } from './cli-process.ts';

export type GatewayProcess = CliProcess & {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
};

/** @returns once the gateway listens. */
export async function startGatewayProcess(options: {
  config: string;
  environment: Readonly<Record<string, string>>;
  /** Instead of the configuration's. */
  port?: number;
}): Promise<GatewayProcess> {
  const { config, environment, port } = options;
  const started = await startCliProcess({
    command: ['gateway', '--config', config, ...(port === undefined ? [] : ['--port', String(port)])],
    environment,
    readyWhen: '"gateway listens"',
  });
  const { url } = JSON.parse(started.readyLine) as { url: string };
  return { ...started, url };
}
