/** The superuser's connection that sessions share: one statement, or one piece of work, at a time. */

import pg from 'pg';
import type { Database } from '../schema/users.ts';

export type Control = Database & {
  /** Nothing else comes in between: for transactions. */
  exclusive<T>(work: (db: Database) => Promise<T>): Promise<T>;
  end(): Promise<void>;
};

export async function connectControl(url: string): Promise<Control> {
  const client = new pg.Client({ connectionString: url, application_name: 'oracle-simulator' });
  // Whoever asks next is told.
  client.on('error', () => undefined);
  await client.connect();
  let queue: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: (db: Database) => Promise<T>): Promise<T> => {
    const result = queue.then(() => work(client));
    queue = result.catch(() => undefined);
    return result;
  };
  const query = (text: string, values: unknown[] = []) => exclusive((db) => db.query(text, values));
  return {
    query: query as pg.ClientBase['query'],
    exclusive,
    async end() {
      await queue;
      await client.end();
    },
  };
}
