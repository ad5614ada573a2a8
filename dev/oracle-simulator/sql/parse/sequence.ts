import type { SequenceOptions } from '../ddl-plan.ts';
import { failure } from '../errors.ts';
import { accept, acceptOne, acceptSymbol, advance, expect, offsetOf, type Parser, peek } from './parser.ts';

/** Options of CREATE SEQUENCE, ALTER SEQUENCE and identity columns, in any order. */
export function sequenceOptions(p: Parser): SequenceOptions {
  const options = {
    startWith: null as string | null,
    incrementBy: null as string | null,
    minValue: null as string | null,
    maxValue: null as string | null,
    cycle: false,
    cache: null as string | null,
  };
  for (;;) {
    if (accept(p, 'START')) {
      expect(p, 'WITH');
      options.startWith = accept(p, 'LIMIT', 'VALUE') ? null : integer(p);
    } else if (accept(p, 'INCREMENT')) {
      expect(p, 'BY', 924);
      options.incrementBy = integer(p);
    } else if (accept(p, 'MINVALUE')) options.minValue = integer(p);
    else if (accept(p, 'MAXVALUE')) options.maxValue = integer(p);
    else if (accept(p, 'CACHE')) options.cache = integer(p);
    else if (accept(p, 'CYCLE')) options.cycle = true;
    else if (
      acceptOne(p, 'NOMINVALUE', 'NOMAXVALUE', 'NOCACHE', 'NOCYCLE', 'ORDER', 'NOORDER', 'KEEP', 'NOKEEP') ===
        null &&
      acceptOne(p, 'GLOBAL', 'NOSCALE', 'NOSHARD', 'NOEXTEND') === null
    )
      return options;
  }
}

function integer(p: Parser): string {
  const sign = acceptSymbol(p, '-') ? '-' : '';
  const token = peek(p);
  if (token.kind !== 'number' || !/^\d{1,28}$/.test(token.value)) throw failure(922, offsetOf(p));
  advance(p);
  return sign + token.value;
}
