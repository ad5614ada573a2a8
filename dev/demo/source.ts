/** Where the demo's rows come from: the Oracle simulator, or the Oracle that ERP_CONNECT, ERP_USER and ERP_PASSWORD name. */
import oracledb from 'oracledb';
import { startOracleProcess } from '../oracle-process.ts';
import { dropOwnTables, refuseForeignTables } from './own-tables.ts';
import { TABLES } from './source-tables.ts';

export type DemoSource = {
  /** For people, without the password. */
  readonly description: string;
  /** For the configuration's `env()`. */
  readonly environment: Readonly<Record<string, string>>;
  connect(): Promise<oracledb.Connection>;
  /** Closes the connections and drops the demo's tables; the simulator goes as a whole. */
  stop(): Promise<void>;
};

type Login = { readonly user: string; readonly password: string; readonly connectString: string };

const OWN_USER = { name: 'SHOP', password: 'shop' };

/** @throws Error when ERP_CONNECT stands alone, the login fails, or a name is taken. */
export async function startDemoSource(say: (line: string) => void): Promise<DemoSource> {
  const real = realLogin(process.env);
  if (real !== null) {
    const description = `schema ${real.user.toUpperCase()} of the Oracle at ${real.connectString}`;
    const names = TABLES.map(({ name }) => name).join(', ');
    say(`oracle: using the ${description} (ERP_CONNECT)`);
    say(`oracle: ${names} will be made there, and dropped at the end; nothing else is touched`);
    const left = await dropTables(real);
    if (left.length > 0) say(`oracle: dropped what an earlier demo left: ${left.join(', ')}`);
    return sourceOf(real, { description, end: () => endWith(real, say) });
  }
  say('oracle: starting the simulator, with a PostgreSQL of its own');
  const { connectString, stop } = await startOracleProcess(OWN_USER);
  const login = { user: OWN_USER.name, password: OWN_USER.password, connectString };
  const description = `schema ${OWN_USER.name} of the Oracle simulator at ${connectString}`;
  return sourceOf(login, { description, end: stop });
}

function realLogin(environment: NodeJS.ProcessEnv): Login | null {
  const { ERP_CONNECT: connectString, ERP_USER: user, ERP_PASSWORD: password } = environment;
  if (!connectString) return null;
  if (user && password) return { user, password, connectString };
  throw new Error(
    'ERP_CONNECT names an Oracle, but who logs in is not said: set ERP_USER and ERP_PASSWORD, the owner of the schema that may have the demo’s tables. Without ERP_CONNECT the demo brings its own source.',
  );
}

function sourceOf(
  login: Login,
  { description, end }: { readonly description: string; readonly end: () => Promise<void> },
): DemoSource {
  const connections: oracledb.Connection[] = [];
  return {
    description,
    environment: { ERP_CONNECT: login.connectString, ERP_USER: login.user, ERP_PASSWORD: login.password },
    connect: async () => {
      const connection = await oracledb.getConnection(login);
      connections.push(connection);
      return connection;
    },
    stop: async () => {
      // An open transaction would keep its table from being dropped. Most of them are closed by now.
      await Promise.allSettled(connections.map((connection) => connection.close()));
      await end();
    },
  };
}

async function endWith(login: Login, say: (line: string) => void): Promise<void> {
  try {
    const dropped = await dropTables(login);
    if (dropped.length > 0) say(`oracle: dropped ${dropped.join(', ')}`);
  } catch (error) {
    say(`oracle: the tables could not be dropped, the next start will try again: ${String(error)}`);
  }
}

/** Also at the start: what keeps us from logging in is told before anything else is started. */
async function dropTables(login: Login): Promise<readonly string[]> {
  const connection = await oracledb.getConnection(login);
  try {
    await refuseForeignTables(connection, TABLES);
    return await dropOwnTables(connection, TABLES);
  } finally {
    await connection.close();
  }
}
