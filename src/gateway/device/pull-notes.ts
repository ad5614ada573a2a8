/** How far each device has pulled: kept in memory for some seconds, so that a pull writes nothing. */
import type { FeedPosition } from '../../store/feed-position.ts';
import { type PullNote, savePulls } from '../../store/pull-notes.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';

const EVERY_MS = 3_000;
/** More than devices × entities of most fleets in those seconds; above it, the newest ones are left out. */
const MOST = 50_000;

type Notes = { readonly byPlace: Map<string, PullNote>; timer: NodeJS.Timeout | null };
const notesByDeps = new WeakMap<GatewayDeps, Notes>();

type Pull = { readonly device: string | null; readonly entity: string; readonly position: FeedPosition };

export function notePull(deps: GatewayDeps, { device, entity, position }: Pull): void {
  if (device === null) return;
  const notes = notesOf(deps);
  if (notes.byPlace.size >= MOST) return;
  const note = { device, entity, xid: position.at.xid, atMs: deps.now() };
  notes.byPlace.set(JSON.stringify([device, entity]), note);
  notes.timer ??= setTimeout(() => void flushPulls(deps), EVERY_MS).unref();
}

/** What could not be written is left out: the next pull says more. */
export async function flushPulls(deps: GatewayDeps): Promise<void> {
  const notes = notesOf(deps);
  if (notes.timer !== null) clearTimeout(notes.timer);
  notes.timer = null;
  const toSave = [...notes.byPlace.values()];
  notes.byPlace.clear();
  await savePulls(deps.store.pool, toSave).catch((error: unknown) =>
    deps.logger.warn({ err: error }, 'how far devices pulled was not noted'),
  );
}

export function notePullsAtTheEnd(app: GatewayApp, deps: GatewayDeps): void {
  app.addHook('onClose', () => flushPulls(deps));
}

function notesOf(deps: GatewayDeps): Notes {
  const known = notesByDeps.get(deps);
  if (known !== undefined) return known;
  const made: Notes = { byPlace: new Map(), timer: null };
  notesByDeps.set(deps, made);
  return made;
}
