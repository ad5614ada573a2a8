/**
 * The one list of error codes. Across Temporal the code is the failure's type, so code on either side compares
 * `code`, never `instanceof`. docs/errors.md is checked against this list by a test.
 */

/** How the process that meets the error ends: see `syncline --help`. */
export const EXIT = {
  ok: 0,
  failure: 1,
  differences: 2,
  config: 3,
  connectivity: 4,
  conflicts: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

type ErrorSpec = {
  /** May the same call succeed later without anyone changing anything? */
  readonly retryable: boolean;
  readonly http: number;
  readonly exit: ExitCode;
  /** The next thing a person should do. */
  readonly remedy: string;
};

export const ERRORS = {
  CONFIG_INVALID: {
    retryable: false,
    http: 422,
    exit: EXIT.config,
    remedy: 'Correct syncline.config.ts as the message says, then run `syncline check`.',
  },
  CONFIG_CHANGED: {
    retryable: true,
    http: 409,
    exit: EXIT.config,
    remedy: 'The run was started with another configuration: restart this worker with it, or cancel the run.',
  },
  CONFIG_UNKNOWN: {
    retryable: false,
    http: 404,
    exit: EXIT.config,
    remedy: 'Use a name that the configuration defines; `syncline plan` lists pipelines and entities.',
  },
  COMMAND_INVALID: {
    retryable: false,
    http: 400,
    exit: EXIT.config,
    remedy: 'Write the command as `syncline <command> --help` shows.',
  },
  STORE_UNAVAILABLE: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy: 'Make the PostgreSQL store reachable; work goes on by itself afterwards.',
  },
  STORE_UNSUPPORTED: {
    retryable: false,
    http: 500,
    exit: EXIT.connectivity,
    remedy: 'Use PostgreSQL 16 or newer as the store, encoded in UTF8.',
  },
  STORE_NOT_READY: {
    retryable: false,
    http: 500,
    exit: EXIT.config,
    remedy: 'Run `syncline init` with a login that may create schemas.',
  },
  SOURCE_UNAVAILABLE: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy:
      'Make the source reachable; the run waits and goes on by itself. `syncline check` tests the connection.',
  },
  SOURCE_CIRCUIT_OPEN: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy:
      'The source failed several times in a row and is left alone for a minute; nothing to do if it comes back.',
  },
  SOURCE_GIVEN_UP: {
    retryable: false,
    http: 503,
    exit: EXIT.connectivity,
    remedy: 'The source failed as often as retry.maxFailures allows: make it reachable, then run again.',
  },
  SOURCE_BUSY: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy: 'Every allowed connection to the source is in use; raise limits.concurrency or wait.',
  },
  SOURCE_AUTH: {
    retryable: false,
    http: 500,
    exit: EXIT.connectivity,
    remedy: 'Correct user, password or grants of the source, then run `syncline check`.',
  },
  SOURCE_QUERY: {
    retryable: false,
    http: 500,
    exit: EXIT.failure,
    remedy: 'The source refused the entity’s query: correct `read`, then run `syncline plan`.',
  },
  SOURCE_IDENTITY_CHANGED: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'The source is another database than at the last run: run `syncline run <pipeline> --full`.',
  },
  SCHEMA_CHANGED: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Run `syncline plan` to see the change and `syncline plan --apply` to take it over.',
  },
  TYPE_UNSUPPORTED: {
    retryable: false,
    http: 422,
    exit: EXIT.config,
    remedy: 'Give the column a `type`, or leave it out of `columns`.',
  },
  CAPTURE_BROKEN: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy:
      'Repair what logs the changes, as `syncline oracle capture status <entity>` says; the next run is full by itself.',
  },
  MASS_DELETE: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Look at the source; if the deletes are right, run again with `--allow-mass-delete`.',
  },
  TOO_MANY_QUARANTINED: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Run `syncline quarantine list`, correct source or validation, then `syncline quarantine retry`.',
  },
  CHUNK_FAILED: {
    retryable: false,
    http: 500,
    exit: EXIT.failure,
    remedy: 'See `syncline history`; the next run takes the failed chunk first.',
  },
  UPLOAD_CONFLICT: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Send other content under a key of its own.',
  },
  UPLOAD_NOT_FOUND: {
    retryable: false,
    http: 404,
    exit: EXIT.failure,
    remedy: 'Send the upload again.',
  },
  DEVICE_REVOKED: {
    retryable: false,
    http: 403,
    exit: EXIT.failure,
    remedy: 'Register the app under a new device id, if its user may go on.',
  },
  CONFLICT_NOT_FOUND: {
    retryable: false,
    http: 404,
    exit: EXIT.failure,
    remedy: 'See `syncline conflicts list`, or `GET /v1/conflicts`.',
  },
  DECISION_REFUSED: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy:
      'Look at the conflict (`syncline conflicts show`, `GET /v1/conflicts/{id}`): it says who may decide, in which round, and about what.',
  },
  RULE_QUERY_FAILED: {
    retryable: false,
    http: 500,
    exit: EXIT.failure,
    remedy: 'Correct the query of the rule; the mutation is rejected until then, and may be sent again.',
  },
  AFTER_APPLY_FAILED: {
    retryable: false,
    http: 422,
    exit: EXIT.failure,
    remedy: 'Correct the statement of `afterApply`, or what it meets; the mutation is rejected until then.',
  },
  LEASE_HELD: {
    retryable: true,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Another run of this pipeline is at work; this one waits for it.',
  },
  FENCED: {
    retryable: true,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Another worker took this work over; nothing to do.',
  },
  RUN_CANCELLED: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'The run was cancelled by an operator; start it again when wanted.',
  },
  RUN_FAILED: {
    retryable: false,
    http: 500,
    exit: EXIT.failure,
    remedy: 'No entity got through: `syncline history` shows why each of them failed.',
  },
  RUN_NOT_FOUND: {
    retryable: false,
    http: 404,
    exit: EXIT.failure,
    remedy: '`syncline history` lists the runs.',
  },
  RUN_ACTIVE: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'A run of this pipeline and mode is under way: `syncline status` shows it.',
  },
  NOTIFY_FAILED: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy:
      'Make the receiver that the message names reachable; it is tried again by itself, and who was told is left alone.',
  },
  TEMPORAL_UNAVAILABLE: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy: 'Start a Temporal server or correct `temporal.address`; `syncline dev` starts one.',
  },
  UNAUTHENTICATED: {
    retryable: false,
    http: 401,
    exit: EXIT.failure,
    remedy: 'Get a new token from the issuer, and send it as `Authorization: Bearer …`.',
  },
  ISSUER_UNAVAILABLE: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy:
      'Make the address of `gateway.auth.jwksUrl` reachable from the gateway; the same request works then.',
  },
  LISTEN_FAILED: {
    retryable: false,
    http: 500,
    exit: EXIT.config,
    remedy:
      'Choose an address of this machine and a free port: --host, --port, or `gateway` of the configuration.',
  },
  NOT_READY: {
    retryable: true,
    http: 503,
    exit: EXIT.connectivity,
    remedy:
      'Ask again: it is ready by itself once what the message names answers. The gateway’s log says why.',
  },
  FORBIDDEN: {
    retryable: false,
    http: 403,
    exit: EXIT.failure,
    remedy: 'Use a token with one of the roles that the API’s description names for this call.',
  },
  NOT_FOUND: {
    retryable: false,
    http: 404,
    exit: EXIT.failure,
    remedy: 'Compare path and names with the API’s description, at /v1/docs of the gateway.',
  },
  REQUEST_INVALID: {
    retryable: false,
    http: 400,
    exit: EXIT.failure,
    remedy: 'Correct the request as the message says; the same one would fail again.',
  },
  BODY_TOO_LARGE: {
    retryable: false,
    http: 413,
    exit: EXIT.failure,
    remedy: 'Send fewer rows in one request; what is allowed is told at registration.',
  },
  RATE_LIMITED: {
    retryable: true,
    http: 429,
    exit: EXIT.failure,
    remedy: 'Wait as long as Retry-After says, then send it again.',
  },
  APP_TOO_OLD: {
    retryable: false,
    http: 426,
    exit: EXIT.failure,
    remedy: 'Update the app, then go on: changes that were not sent stay on the device.',
  },
  DEVICE_UNKNOWN: {
    retryable: false,
    http: 403,
    exit: EXIT.failure,
    remedy: 'Register the device: POST /v1/sync/register.',
  },
  CURSOR_INVALID: {
    retryable: false,
    http: 400,
    exit: EXIT.failure,
    remedy: 'Send the cursor as it came, or none to begin anew.',
  },
  CURSOR_EXPIRED: {
    retryable: false,
    http: 410,
    exit: EXIT.failure,
    remedy: 'Replace the local collection by a pull without cursor; keep changes that were not sent.',
  },
  ENTITY_NOT_READY: {
    retryable: true,
    http: 503,
    exit: EXIT.failure,
    remedy: 'Wait until the first full run of the entity has ended: `syncline status` shows it.',
  },
  UPLOAD_PENDING: {
    retryable: true,
    http: 503,
    exit: EXIT.failure,
    remedy:
      'Send the same request with the same key again: it is being worked on, and nothing is done twice.',
  },
  CHANGE_REJECTED: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy:
      'Change the record in another way: `reason` is the code of docs/errors.md that says what stood against it.',
  },
  PULL_FIRST: {
    retryable: false,
    http: 409,
    exit: EXIT.failure,
    remedy: 'Pull, then push again: nothing was taken of this push.',
  },
  PRECONDITION_REQUIRED: {
    retryable: false,
    http: 428,
    exit: EXIT.failure,
    remedy: 'Send If-Match with the ETag of the record as you saw it.',
  },
  PRECONDITION_FAILED: {
    retryable: false,
    http: 412,
    exit: EXIT.failure,
    remedy: 'The record has changed: look at it as it is now, and decide anew.',
  },
  INTERNAL: {
    retryable: true,
    http: 500,
    exit: EXIT.failure,
    remedy: 'This is a defect of Syncline: please report it with the message.',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

type SyncErrorOptions = {
  /** Never holds row values: messages reach logs, HTTP replies and workflow history. */
  message: string;
  cause?: unknown;
  /** JSON details for the reader of the error: names, counts, positions; no row values, no secrets. */
  details?: Record<string, unknown>;
  /** Replaces the code's general remedy where a more exact one is known. */
  remedy?: string;
};

/** An error with a code of the list above. Its message says what happened; `remedy` what to do. */
export class SyncError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  readonly remedy: string;

  constructor(code: ErrorCode, options: SyncErrorOptions) {
    super(options.message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'SyncError';
    this.code = code;
    this.details = options.details ?? {};
    this.remedy = options.remedy ?? ERRORS[code].remedy;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function isSyncError(error: unknown, code?: ErrorCode): error is SyncError {
  return error instanceof SyncError && (code === undefined || error.code === code);
}
