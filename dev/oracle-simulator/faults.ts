/** Faults on demand: what a test or the command line wants to go wrong, and when. */

/** A moment in the simulator's work at which a fault may strike. */
export type Moment = {
  readonly at:
    | 'connect'
    | 'logon'
    | 'parse'
    | 'execute'
    | 'fetch'
    | 'commit'
    /** The commit took effect; its answer was not sent yet. */
    | 'committed'
    | 'rollback'
    | 'ping';
  readonly user: string;
  readonly session: number;
  /** Text of the statement, '' where there is none. */
  readonly sql: string;
  /** Rows that the query has sent until now ('fetch'). */
  readonly rowsSent: number;
};

export type Fault =
  /** An error in place of the work. */
  | { readonly do: 'error'; readonly number: number; readonly text?: string }
  /** The work after a while. */
  | { readonly do: 'delay'; readonly ms: number }
  /** The socket is closed without a word. At 'commit' with `lateMs`: the commit takes effect so long afterwards. */
  | { readonly do: 'disconnect'; readonly lateMs?: number }
  /** The socket stays open and says nothing more, until the faults are cleared. */
  | { readonly do: 'stall' };

export type FaultRule = {
  readonly when: {
    readonly at: Moment['at'];
    readonly user?: string;
    /** Matches the statement's text. */
    readonly sql?: RegExp;
    /** 'fetch': not before so many rows were sent. */
    readonly afterRows?: number;
  };
  readonly fault: Fault;
  /** How often it strikes; then the rule is gone. Default: 1. */
  readonly times?: number;
};

export type Faults = {
  /** @returns takes the rule back. */
  add(rule: FaultRule): () => void;
  clear(): void;
  /** The fault that strikes now, if any; counts as struck. */
  strike(moment: Moment): Fault | null;
  /** Settles when faults are cleared: what stalled connections wait for. */
  cleared(): Promise<void>;
  /** Resolves with the moment at which the next fault strikes. */
  struck(): Promise<Moment>;
};

type Armed = { readonly rule: FaultRule; left: number };

export function createFaults(): Faults {
  let armed: Armed[] = [];
  let onCleared = signalling<void>();
  let onStruck = signalling<Moment>();
  return {
    add(rule) {
      const entry: Armed = { rule, left: rule.times ?? 1 };
      armed.push(entry);
      return () => {
        armed = armed.filter((each) => each !== entry);
      };
    },
    clear() {
      armed = [];
      onCleared.resolve();
      onCleared = signalling<void>();
    },
    strike(moment) {
      const entry = armed.find(({ rule }) => matches(rule.when, moment));
      if (entry === undefined) return null;
      entry.left--;
      if (entry.left <= 0) armed = armed.filter((each) => each !== entry);
      onStruck.resolve(moment);
      onStruck = signalling<Moment>();
      return entry.rule.fault;
    },
    cleared: () => onCleared.promise,
    struck: () => onStruck.promise,
  };
}

function matches(when: FaultRule['when'], moment: Moment): boolean {
  return (
    when.at === moment.at &&
    (when.user === undefined || when.user === moment.user) &&
    (when.sql === undefined || when.sql.test(moment.sql)) &&
    (when.afterRows === undefined || moment.rowsSent >= when.afterRows)
  );
}

function signalling<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve(value) };
}
