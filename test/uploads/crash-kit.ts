/**
 * Workers that die at a given step: every statement to the store, every look at the source and every write to it is a
 * step, before which or after which nothing of the worker is left.
 */
import type pg from 'pg';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import type { WriteTarget } from '../../src/connectors/write-contract.ts';

/** Steps are counted from 1. 'before': it was not done. 'after': it was done, and nobody heard of it. */
export type CrashPoint = { readonly step: number; readonly when: 'before' | 'after' };

export class Crashed extends Error {}

export type Mortal = {
  readonly deps: ActivityDeps;
  /** The step at which it died, in words; null while it lives. */
  diedAt(): string | null;
};

export function mortal(deps: ActivityDeps, point: CrashPoint): Mortal {
  let steps = 0;
  let diedAt: string | null = null;
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    if (diedAt !== null) throw new Crashed(diedAt);
    steps++;
    const dies = steps === point.step;
    const die = (): never => {
      diedAt = `${point.when} step ${steps}: ${name}`;
      throw new Crashed(diedAt);
    };
    if (dies && point.when === 'before') die();
    const result = await work();
    if (dies) die();
    // What was on its way when another lane died is not heard either.
    if (diedAt !== null) throw new Crashed(diedAt);
    return result;
  };
  const targets = Object.entries(deps.targets).map(([name, target]) => [name, mortalTarget(target, step)]);
  return {
    deps: {
      ...deps,
      store: { ...deps.store, pool: mortalPool(deps.store.pool, step) },
      targets: Object.fromEntries(targets),
    },
    diedAt: () => diedAt,
  };
}

type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

function mortalTarget(target: WriteTarget, step: Step): WriteTarget {
  return {
    ...overriding(target, {
      writeBatch: (...args: Parameters<WriteTarget['writeBatch']>) =>
        step('write to the source', () => target.writeBatch(...args)),
      settle: (...args: Parameters<WriteTarget['settle']>) =>
        step('settle at the source', () => target.settle(...args)),
      named: (id: string) => mortalTarget(target.named(id), step),
    }),
  };
}

function mortalPool(pool: pg.Pool, step: Step): pg.Pool {
  return overriding(pool, {
    query: (...args: unknown[]) => step(textOf(args[0]), () => call(pool, args)),
    connect: async () => {
      let client: pg.PoolClient | undefined;
      await step('connect', async () => {
        client = await pool.connect();
      }).catch((error: unknown) => {
        // A session of a dead process is gone with all that it did not commit.
        client?.release(true);
        throw error;
      });
      if (client === undefined) throw new Error('There is no session');
      const session = client;
      return overriding(session, {
        // COPY is a stream: what goes wrong with it is a matter of loads, which have tests of their own.
        query: (...args: unknown[]) =>
          typeof (args[0] as { submit?: unknown }).submit === 'function'
            ? call(session, args)
            : step(textOf(args[0]), () => call(session, args)),
      });
    },
  });
}

function call(db: pg.Pool | pg.PoolClient, args: unknown[]): Promise<unknown> {
  return (db.query as (...given: unknown[]) => Promise<unknown>).apply(db, args);
}

function overriding<T extends object>(original: T, own: Record<string, unknown>): T {
  return new Proxy(original, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(own, name)) return own[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function textOf(query: unknown): string {
  const text = typeof query === 'string' ? query : ((query as { text?: string }).text ?? '?');
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 60);
}
