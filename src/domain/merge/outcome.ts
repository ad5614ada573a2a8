/** What merging one value gives, as the parts of a merge hand it to each other. */
import type { Json } from './json.ts';

/** One place where both sides want different things. */
export type MergeClash = {
  /** Names and positions from the outermost value inwards; empty for the value itself. Holds no values. */
  readonly path: readonly string[];
  readonly why: string;
};

export type Outcome = {
  /** Without clashes the merged value, with some a draft. undefined: the property is gone. */
  readonly value: Json | undefined;
  readonly clashes: readonly MergeClash[];
};

/** The three versions of one value; undefined: not there. */
export type Versions = {
  readonly base: Json | undefined;
  readonly server: Json | undefined;
  readonly client: Json | undefined;
};

export type MergeContext = {
  readonly path: readonly string[];
  /** Of two moves of one element the later wins. */
  readonly later: 'server' | 'client';
};

/** Merges what is inside an object or an array. */
export type MergeInner = (versions: Versions, context: MergeContext) => Outcome;

export function agreed(value: Json | undefined): Outcome {
  return { value, clashes: [] };
}

export function clashed(draft: Json | undefined, context: MergeContext, why: string): Outcome {
  return { value: draft, clashes: [{ path: context.path, why }] };
}

const SHOWN_CLASHES = 3;

/** One line for all clashes. */
export function reasonOf(clashes: readonly MergeClash[]): string {
  const shown = clashes
    .slice(0, SHOWN_CLASHES)
    .map(({ path, why }) => (path.length === 0 ? why : `${path.join('.')}: ${why}`));
  const more = clashes.length - shown.length;
  return more === 0 ? shown.join('; ') : `${shown.join('; ')}; and ${more} more`;
}
