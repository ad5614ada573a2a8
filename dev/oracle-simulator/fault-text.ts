/** Faults as the command line writes them: `execute:ORA-00060:times=2:sql=^UPDATE`. */

import type { Fault, FaultRule, Moment } from './faults.ts';

const moments: readonly Moment['at'][] = [
  'connect',
  'logon',
  'parse',
  'execute',
  'fetch',
  'commit',
  'committed',
  'rollback',
  'ping',
];

export const faultGrammar = `MOMENT:FAULT[:user=NAME][:afterRows=N][:times=N][:sql=PATTERN]
MOMENT is one of ${moments.join(', ')};
FAULT is ORA-NNNNN, delay=MS, disconnect, disconnect=MS (the commit takes effect so much later), or stall;
times is 1 unless given, or always; sql is a regular expression and comes last`;

/** @throws Error that says what is wrong */
export function parseFault(text: string): FaultRule {
  // The pattern may have colons of its own.
  const [, head = '', pattern] = /^(.*?)(?::sql=(.*))?$/s.exec(text) ?? [];
  const [at = '', fault = '', ...conditions] = head.split(':');
  if (!isMoment(at)) throw new Error(`${text}: ${at} is no moment. ${faultGrammar}`);
  const given = new Map(conditions.map((condition) => pairOf(condition, text)));
  const user = given.get('user');
  const afterRows = given.get('afterRows');
  const times = given.get('times') ?? '1';
  return {
    when: {
      at,
      ...(user === undefined ? {} : { user }),
      ...(pattern === undefined ? {} : { sql: new RegExp(pattern) }),
      ...(afterRows === undefined ? {} : { afterRows: wholeNumber(afterRows, text) }),
    },
    fault: faultOf(fault, text),
    times: times === 'always' ? Number.POSITIVE_INFINITY : wholeNumber(times, text),
  };
}

function isMoment(text: string): text is Moment['at'] {
  return (moments as readonly string[]).includes(text);
}

function pairOf(condition: string, text: string): readonly [string, string] {
  const [, name, value] = /^(user|afterRows|times)=(.+)$/.exec(condition) ?? [];
  if (name === undefined || value === undefined)
    throw new Error(`${text}: ${condition} is unknown. ${faultGrammar}`);
  return [name, value];
}

function faultOf(fault: string, text: string): Fault {
  const [, number] = /^ORA-(\d{1,5})$/i.exec(fault) ?? [];
  if (number !== undefined) return { do: 'error', number: Number(number) };
  const [, name, ms] = /^(delay|disconnect)=(\d+)$/.exec(fault) ?? [];
  if (name === 'delay') return { do: 'delay', ms: Number(ms) };
  if (name === 'disconnect') return { do: 'disconnect', lateMs: Number(ms) };
  if (fault === 'disconnect' || fault === 'stall') return { do: fault };
  throw new Error(`${text}: ${fault} is no fault. ${faultGrammar}`);
}

function wholeNumber(value: string, text: string): number {
  if (!/^\d+$/.test(value)) throw new Error(`${text}: ${value} is no number. ${faultGrammar}`);
  return Number(value);
}
