/** An error as Oracle reports it. */
export class OraError extends Error {
  readonly number: number;
  /** Offset in the statement's text, from 0. */
  readonly offset: number;

  /** `text`: the message without its number. */
  constructor(
    number: number,
    text: string,
    options: { readonly offset?: number; readonly cause?: unknown } = {},
  ) {
    super(
      `ORA-${String(number).padStart(5, '0')}: ${text}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.name = 'OraError';
    this.number = number;
    this.offset = options.offset ?? 0;
  }
}

/** An array DML that stopped at a failed iteration; what came before it stays. */
export class ArrayDmlError extends OraError {
  /** Rows affected by each iteration before the failed one. */
  readonly rowCounts: readonly number[];

  constructor(error: OraError, rowCounts: readonly number[]) {
    super(error.number, error.message.replace(/^ORA-\d{5}: /, ''), { offset: error.offset, cause: error });
    this.rowCounts = rowCounts;
  }
}
