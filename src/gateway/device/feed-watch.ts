/** One poller a process for all who want to hear when feeds move: they may be thousands, and it asks once for all. */
import type { EntitySpec } from '../../domain/entity.ts';
import { isSyncError } from '../../domain/errors.ts';
import { type FeedEntity, feedEntity } from '../../store/feed-entity.ts';
import { readFeedHeads } from '../../store/feed-head.ts';
import { withScope } from '../../store/scope-session.ts';
import type { GatewayDeps } from '../deps.ts';

const EVERY_MS = 250;
/** After an error of the store: it is asked again when it may be back. */
const PAUSE_MS = 2_000;

/** Called with an entity's head, at once where it is known, then whenever it moved. Must not throw. */
export type Hear = (entity: string, head: string) => void;

export type FeedWatch = {
  /** @returns what ends it. */
  subscribe(specs: readonly EntitySpec[], hear: Hear): () => void;
};

const watches = new WeakMap<GatewayDeps, FeedWatch>();

/** Polls while somebody listens. */
export function feedWatch(deps: GatewayDeps): FeedWatch {
  const known = watches.get(deps);
  if (known !== undefined) return known;
  const made = createWatch(deps);
  watches.set(deps, made);
  return made;
}

type Watched = { readonly spec: EntitySpec; head: string | null; readonly hearers: Set<Hear> };

function createWatch(deps: GatewayDeps): FeedWatch {
  const watched = new Map<string, Watched>();
  let polling = false;

  const poll = async (): Promise<void> => {
    while (watched.size > 0) {
      const pauseMs = await look(deps, watched);
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    }
    polling = false;
  };

  return {
    subscribe: (specs, hear) => {
      for (const spec of specs) {
        const one = watched.get(spec.entity) ?? { spec, head: null, hearers: new Set() };
        watched.set(spec.entity, one);
        one.hearers.add(hear);
        if (one.head !== null) hear(spec.entity, one.head);
      }
      if (!polling) {
        polling = true;
        void poll();
      }
      return () => {
        for (const { entity } of specs) {
          const one = watched.get(entity);
          one?.hearers.delete(hear);
          if (one?.hearers.size === 0) watched.delete(entity);
        }
      };
    },
  };
}

/** @returns how long to wait before the next look. */
async function look(deps: GatewayDeps, watched: ReadonlyMap<string, Watched>): Promise<number> {
  try {
    const entities = await Promise.all([...watched.values()].map(({ spec }) => loaded(deps, spec)));
    const ready = entities.filter((entity) => entity !== null);
    for (const [entity, { head }] of await headsOf(deps, ready)) {
      const one = watched.get(entity);
      if (one === undefined || one.head === head) continue;
      one.head = head;
      for (const hear of [...one.hearers]) hear(entity, head);
    }
    return EVERY_MS;
  } catch (error) {
    deps.logger.warn({ err: error }, 'the heads of the feeds were not read');
    return PAUSE_MS;
  }
}

/** Of all rows, whoever may see them; not behind the pulls that a moved head brings. */
function headsOf({ store }: GatewayDeps, entities: readonly FeedEntity[]): ReturnType<typeof readFeedHeads> {
  const readable = entities.map(({ spec: { entity } }) => ({ entity, scope: { partitions: {} } }));
  return withScope({ pool: store.probePool }, { readable }, (client) => readFeedHeads(client, entities));
}

/** null: it cannot be served now; whoever waits for it hears of it when it can. The others do not wait for it. */
async function loaded({ store, logger }: GatewayDeps, spec: EntitySpec): Promise<FeedEntity | null> {
  try {
    return await feedEntity(store.pool, spec);
  } catch (error) {
    if (!isSyncError(error)) throw error;
    if (error.code !== 'ENTITY_NOT_READY') logger.warn({ err: error }, 'a feed cannot be watched');
    return null;
  }
}
