import { startOracleSimulator } from '../../dev/oracle-simulator/start.ts';
import { createCluster } from '../../dev/postgres/cluster.ts';

/** What the drivers connect to. */
export type Target = {
  title: string;
  host: string;
  port: number;
  service: string;
  user: string;
  password: string;
  stop(): Promise<void>;
};

/** A simulator of our own, on a PostgreSQL of our own. */
export async function simulatorTarget(): Promise<Target> {
  const cluster = await createCluster({
    collation: 'C',
    settings: { fsync: 'off', max_connections: '200', deadlock_timeout: '200ms' },
  });
  try {
    const account = { name: 'INTEROP', password: 'Interop-1' };
    const service = 'FREEPDB1';
    const simulator = await startOracleSimulator({
      postgresUrl: cluster.url('postgres'),
      services: [service],
      users: [account],
    });
    await simulator.sql('SYS', `GRANT EXECUTE ON DBMS_FLASHBACK TO ${account.name}`);
    return {
      title: `the simulator at ${simulator.connectString}`,
      host: '127.0.0.1',
      port: simulator.port,
      service,
      user: account.name,
      password: account.password,
      stop: async () => {
        await simulator.stop();
        await cluster.remove();
      },
    };
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}

/** Another server, `host:port/service`, with an account whose tables INTEROP_* the checks may drop. */
export function namedTarget(connect: string, user: string, password: string): Target {
  const parts = /^([^:/]+):(\d+)\/(.+)$/.exec(connect);
  if (!parts) throw new Error(`--connect ${connect}: expected host:port/service`);
  const [, host = '', port, service = ''] = parts;
  return { title: connect, host, port: Number(port), service, user, password, stop: async () => {} };
}
