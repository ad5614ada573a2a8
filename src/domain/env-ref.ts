/** A reference to an environment variable: the configuration holds names, only loading it reads values. */

const ENV_REF = Symbol.for('syncline.env');

export type EnvRef = {
  readonly [ENV_REF]: true;
  readonly name: string;
  readonly default?: string;
};

/**
 * `env('DATABASE_URL')` stands for the variable's value; `env('PGHOST', { default: 'localhost' })` has a value for
 * when it is unset or empty. Secrets take no default.
 */
export function env(name: string, options: { readonly default?: string } = {}): EnvRef {
  return { [ENV_REF]: true, name, ...options };
}

/** By a registered symbol: the configuration may have been loaded with another copy of this module. */
export function isEnvRef(value: unknown): value is EnvRef {
  return typeof value === 'object' && value !== null && ENV_REF in value;
}
