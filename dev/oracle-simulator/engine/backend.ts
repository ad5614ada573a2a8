/** One connection to PostgreSQL, with cancelling that can hit nothing but what was at work when it was asked for. */

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Answer, type Command, createPipeline } from './pipeline.ts';

/** A cancel request that arrives before PostgreSQL began to work on what it is meant for is lost: it is said again. */
const CANCEL_AGAIN_MS = 50;

export type Backend = {
  readonly pid: number;
  /** Sends all at once. @throws PipelineError with what PostgreSQL answered, or an error when the connection is gone */
  send(commands: readonly Command[], options?: SendOptions): Promise<readonly Answer[]>;
  /** Several statements without values, separated by semicolons. */
  script(text: string): Promise<void>;
  /** One statement with values of any type, results parsed: for what is not of the session's user. */
  readonly database: Pick<pg.ClientBase, 'query'>;
  /** Ends what is at work now, and nothing that is sent later. */
  cancel(): Promise<void>;
  /** Ends it, whatever it does; the transaction is rolled back when the promise settles. */
  close(): Promise<void>;
  isOpen(): boolean;
};

export type SendOptions = {
  /** 'never' for what puts things in order again: an end of it half way would leave the session in an unknown state. */
  readonly cancel?: 'never';
};

/** What acts on backends from outside. */
export type BackendControl = {
  cancelBackend(pid: number): Promise<void>;
  terminateBackend(pid: number): Promise<void>;
};

type Flight = {
  readonly landed: Promise<void>;
  /** null: never. */
  readonly cancellable: Promise<void> | null;
};

export async function connectBackend(options: {
  readonly url: string;
  readonly control: BackendControl;
  readonly settings: Readonly<Record<string, string>>;
}): Promise<Backend> {
  const client = new pg.Client({
    connectionString: options.url,
    options: Object.entries(options.settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`)
      .join(' '),
  });
  let open = true;
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => {
      open = false;
      resolve();
    });
  });
  // Whoever waits for an answer is told; an idle connection that ends is noticed at its next use.
  client.on('error', () => {
    open = false;
  });
  await client.connect();
  const [identity] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
  return new BackendConnection(client, {
    pid: identity?.pid ?? 0,
    control: options.control,
    ended,
    isOpen: () => open,
  });
}

type Surroundings = {
  readonly pid: number;
  readonly control: BackendControl;
  readonly ended: Promise<void>;
  readonly isOpen: () => boolean;
};

class BackendConnection implements Backend {
  readonly pid: number;
  readonly isOpen: () => boolean;
  readonly database: Pick<pg.ClientBase, 'query'>;
  readonly #client: pg.Client;
  readonly #around: Surroundings;
  #flight: Flight | null = null;
  /** Settles when no cancel request is on its way. */
  #cancelling: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(client: pg.Client, around: Surroundings) {
    this.pid = around.pid;
    this.isOpen = around.isOpen;
    this.#client = client;
    this.#around = around;
    const query = (text: string, values: unknown[] = []) => this.#fly(null, () => client.query(text, values));
    this.database = { query: query as pg.ClientBase['query'] };
  }

  send(commands: readonly Command[], { cancel }: SendOptions = {}): Promise<readonly Answer[]> {
    let begun: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const isGuarded = commands[0] !== undefined && 'cancel' in commands[0];
    return this.#fly(cancel === 'never' ? null : isGuarded ? first : Promise.resolve(), () => {
      return new Promise((resolve, reject) => {
        this.#client.query(createPipeline(commands, { resolve, reject, begun }));
      });
    });
  }

  async script(text: string): Promise<void> {
    await this.#fly(Promise.resolve(), () => this.#client.query(text));
  }

  async cancel(): Promise<void> {
    const target = this.#flight;
    if (target === null || target.cancellable === null) return;
    const run = this.#cancelWhile(target);
    this.#cancelling = Promise.allSettled([this.#cancelling, run]);
    await run;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #fly<T>(cancellable: Promise<void> | null, work: () => Promise<T>): Promise<T> {
    await this.#cancelling;
    const result = work();
    const landed = result.then(
      () => undefined,
      () => undefined,
    );
    const flight = { landed, cancellable };
    this.#flight = flight;
    try {
      return await result;
    } finally {
      if (this.#flight === flight) this.#flight = null;
    }
  }

  async #cancelWhile(target: Flight): Promise<void> {
    await Promise.race([target.cancellable, target.landed]);
    while (this.#flight === target && this.isOpen()) {
      await this.#around.control.cancelBackend(this.pid);
      await Promise.race([target.landed, sleep(CANCEL_AGAIN_MS, undefined, { ref: false })]);
      // Lets the sender's continuation, which clears the flight, run first.
      await Promise.resolve();
    }
  }

  async #end(): Promise<void> {
    if (!this.isOpen()) return;
    if (this.#flight !== null) await this.#around.control.terminateBackend(this.pid);
    // A connection that PostgreSQL ended meanwhile rejects; it is gone either way.
    await this.#client.end().catch(() => undefined);
    await this.#around.ended;
  }
}
