/** What a fault does to the connection that it strikes. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults } from '../faults.ts';
import { OraError } from '../ora-error.ts';
import { ConnectionGone, type Link } from './link.ts';

const TEXTS: Readonly<Record<number, string>> = {
  28: 'your session has been killed',
  54: 'resource busy and acquire with NOWAIT specified or timeout expired',
  60: 'deadlock detected while waiting for resource',
  1013: 'user requested cancel of current operation',
  1017: 'invalid username/password; logon denied',
  1033: 'ORACLE initialization or shutdown in progress',
  1089: 'immediate shutdown or close in progress - no operations are permitted',
  1555: 'snapshot too old: rollback segment number 1 with name "SIMULATED" too small',
  3113: 'end-of-file on communication channel',
  3114: 'not connected to ORACLE',
  3135: 'connection lost contact',
  4068: 'existing state of packages has been discarded',
  8177: "can't serialize access for this transaction",
  12514: 'TNS:listener does not currently know of service requested in connect descriptor',
  28000: 'The account is locked.',
};

export type Sufferer = {
  readonly faults: Faults;
  readonly link: Link;
  /** Aborted, with the reason to reject with, when the client gives up. */
  readonly signal: AbortSignal;
};

/** Rejects with what is to be answered, waits, or rejects with ConnectionGone. */
export async function suffer(fault: Fault | null, { faults, link, signal }: Sufferer): Promise<void> {
  signal.throwIfAborted();
  switch (fault?.do) {
    case undefined:
      return;
    case 'error':
      throw new OraError(fault.number, fault.text ?? TEXTS[fault.number] ?? 'a fault was asked for');
    case 'delay':
      await sleep(fault.ms, undefined, { signal }).catch(() => signal.throwIfAborted());
      return;
    case 'disconnect':
      link.destroy();
      throw new ConnectionGone();
    case 'stall':
      await stall({ faults, link, signal });
  }
}

async function stall({ faults, link, signal }: Sufferer): Promise<void> {
  let abandon: () => void = () => undefined;
  const abandoned = new Promise<void>((resolve) => {
    abandon = resolve;
  });
  signal.addEventListener('abort', abandon, { once: true });
  link.hold();
  try {
    await Promise.race([faults.cleared(), abandoned]);
  } finally {
    signal.removeEventListener('abort', abandon);
    link.release();
  }
  signal.throwIfAborted();
}
