/** `gateway` of the configuration, with its defaults. Holds secrets: never log it. */
import type { TlsSettings } from '../config.ts';
import type { PartitionSpec } from './feed-spec.ts';

export type AuthSettings = {
  readonly issuer: string;
  readonly audience: string;
  /** Public keys of the issuer, or the secret shared with it. */
  readonly keys: { readonly jwksUrl: string } | { readonly secret: string };
  /** No other is accepted. */
  readonly algorithms: readonly string[];
  readonly claims: {
    readonly user: string;
    readonly device: string;
    readonly roles: string;
    readonly permissions: string;
  };
  /** Tokens that the gateway gives to devices at registration; null: the issuer's own name the device. */
  readonly deviceTokens: { readonly secret: string; readonly lifetimeMs: number } | null;
};

/** So many requests in a window. */
export type RateLimit = { readonly requests: number; readonly windowMs: number };

export type GatewaySettings = {
  readonly host: string;
  readonly port: number;
  /** A login that owns no mirror, so that row level security holds for it; null: the store's own login. */
  readonly store: { readonly url: string; readonly poolMax: number; readonly tls?: TlsSettings } | null;
  readonly auth: AuthSettings;
  readonly partitions: Readonly<Record<string, PartitionSpec>>;
  /** How long what somebody may do is remembered. At most 15 minutes. */
  readonly permissionsKeptMs: number;
  readonly pull: { readonly defaultRows: number; readonly maxRows: number };
  readonly push: { readonly defaultRows: number; readonly maxRows: number };
  /** How long a push waits for its verdicts before it says 503. */
  readonly verdictWaitMs: number;
  /** Of a request, as it comes and unpacked. */
  readonly maxBodyBytes: number;
  /** Apps below this version get 426; null: all are served. */
  readonly minAppVersion: string | null;
  /** Origins that browsers may call from; none: CORS is off. */
  readonly corsOrigins: readonly string[];
  readonly limits: {
    readonly device: RateLimit;
    readonly address: RateLimit;
    /** Reads that go to the source. */
    readonly sourceReads: RateLimit;
  };
  /** Proxies before the gateway whose X-Forwarded-For is believed, as addresses or subnets. */
  readonly trustedProxies: readonly string[];
  /** How long tombstones are kept, and when those that are older are removed; null: only when somebody says so. */
  readonly tombstones: { readonly keptMs: number; readonly cron: string | null; readonly timeZone: string };
};
