/** Cron expressions, checked while the configuration is read rather than by the Temporal server at the first start. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const SHORTHANDS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

type Field = {
  readonly what: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
};

const FIELDS: readonly Field[] = [
  { what: 'minute', min: 0, max: 59 },
  { what: 'hour', min: 0, max: 23 },
  { what: 'day of the month', min: 1, max: 31 },
  { what: 'month', min: 1, max: 12, names: MONTHS },
  { what: 'day of the week', min: 0, max: 7, names: DAYS },
];

/** What is wrong with a cron expression of five fields; null when nothing is. */
export function whyNoCron(expression: string): string | null {
  const text = expression.trim();
  if (SHORTHANDS.has(text)) return null;
  const fields = text.split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return `a cron expression has five fields (minute, hour, day, month, weekday), this has ${text === '' ? 0 : fields.length}`;
  }
  for (const [i, field] of FIELDS.entries()) {
    const wrong = (fields[i] as string).split(',').find((item) => !fits(item, field));
    if (wrong !== undefined) return `"${wrong}" is no ${field.what} (${field.min}–${field.max})`;
  }
  return null;
}

/** `*`, `5`, `1-5`, `mon-fri`, each with an optional step: `0-30/10`. */
function fits(item: string, field: Field): boolean {
  const parts = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/i.exec(item);
  if (parts === null) return false;
  const [, first = '', last, step] = parts;
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.max)) return false;
  if (first === '*') return last === undefined;
  const from = numberOf(first, field);
  const to = last === undefined ? from : numberOf(last, field);
  return from !== null && to !== null && from <= to;
}

function numberOf(text: string, { min, max, names }: Field): number | null {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + min;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
