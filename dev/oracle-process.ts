/** The Oracle simulator in a process of its own, with a PostgreSQL cluster of its own: as far away as an Oracle is (C6). */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guardServer } from './process-guard.ts';

const MAIN = fileURLToPath(new URL('./oracle-simulator/main.ts', import.meta.url));

export type OracleProcess = {
  /** `127.0.0.1:1521/FREEPDB1` */
  readonly connectString: string;
  /** Ends it; its data goes with it. */
  stop(): Promise<void>;
};

/**
 * Makes one user. The name is upper case.
 * @throws Error when it ends before it listens; what it says on stderr is to be seen there.
 */
export async function startOracleProcess(user: { name: string; password: string }): Promise<OracleProcess> {
  // DATABASE_URL may name the store's server, which must be another one.
  const { DATABASE_URL: _store, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', MAIN, '--port', '0', '--user', `${user.name}/${user.password}`],
    // A group of its own: Ctrl-C is for whoever uses the simulator, and then ends it.
    { stdio: ['ignore', 'pipe', 'inherit'], env: environment, detached: true },
  );
  guardServer(child, 'SIGTERM');
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const connectString = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The Oracle simulator ended with ${code ?? signal} before it listened`)),
    );
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /^oracle: (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  return {
    connectString,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}
