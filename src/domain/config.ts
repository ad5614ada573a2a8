/**
 * The configuration as the rest of Syncline sees it: parsed, defaults filled in, names resolved, secrets read from
 * the environment. `config-schema.ts` has the form in which a user writes it.
 */
import type { GatewaySettings } from './access/gateway-settings.ts';
import type { EntitySpec } from './entity.ts';
import type { Mailbox } from './mailbox.ts';

export type RetrySettings = {
  readonly baseMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
  /** null: as long as it takes. */
  readonly maxFailures: number | null;
  /** Share of the delay that is left to chance: 0.2 is ± 20 %. */
  readonly jitter: number;
};

export type SourceSettings = {
  readonly name: string;
  readonly kind: string;
  /** IANA zone of timestamps without zone at the source. */
  readonly timeZone: string;
  /** Connections to the source that may be in use at a time, over all workers. */
  readonly concurrency: number;
  readonly retry: RetrySettings;
  /** What the kind's own schema made of the other settings. Holds secrets: never log it. */
  readonly options: Readonly<Record<string, unknown>>;
};

export type ScheduleSpec = {
  /** Milliseconds. */
  readonly every?: number;
  readonly cron?: string;
  readonly timeZone: string;
};

export type PipelineSpec = {
  readonly pipeline: string;
  readonly source: string;
  readonly taskQueue: string;
  /** How many entities run side by side. */
  readonly parallelEntities: number;
  readonly schedule: { readonly incremental?: ScheduleSpec; readonly full?: ScheduleSpec };
  readonly entities: Readonly<Record<string, EntitySpec>>;
  readonly revision: string | null;
  /** Stored with a run; a worker with another hash refuses the run's work (C21). */
  readonly hash: string;
};

export type TlsSettings = {
  readonly mode: 'disable' | 'require' | 'verify-ca' | 'verify-full';
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
};

export type StoreSettings = {
  readonly url: string;
  readonly poolMax: number;
  readonly tls?: TlsSettings;
};

export type TemporalSettings = {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Of the Temporal UI, without a slash at its end. */
  readonly uiUrl?: string;
  readonly apiKey?: string;
  readonly tls?: boolean;
};

type HttpSettings = {
  readonly url: string;
  readonly timeoutMs: number;
};

export type WebhookSettings = HttpSettings & { readonly secret: string };
/** The URL is a secret. */
export type SlackSettings = HttpSettings;

/** Addresses of mail; by name there need be none. */
export type MailRecipients = {
  readonly default: readonly string[];
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly people: Readonly<Record<string, readonly string[]>>;
};

export type SmtpSettings = {
  readonly host: string;
  readonly port: number;
  readonly secure: 'tls' | 'startTls' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
  /** PEM text of an authority that is trusted instead of the public ones. */
  readonly ca: string | null;
  readonly from: Mailbox;
  readonly recipients: MailRecipients;
  readonly timeoutMs: number;
};

/** How people are told of conflicts; null: not this way. Holds secrets: never log it. */
export type NotificationSettings = {
  readonly webhook: WebhookSettings | null;
  readonly slack: SlackSettings | null;
  readonly smtp: SmtpSettings | null;
};

export type SyncConfig = {
  /** File that it was read from. */
  readonly path: string;
  readonly store: StoreSettings;
  readonly temporal: TemporalSettings;
  readonly notifications: NotificationSettings;
  /** null: there is none. */
  readonly gateway: GatewaySettings | null;
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly pipelines: Readonly<Record<string, PipelineSpec>>;
};
