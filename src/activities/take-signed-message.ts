/** A message that was signed in the store, for the workflow of the conflict that it is for. */
import { takeSigned } from '../store/signed-messages.ts';
import type { ActivityDeps } from './deps.ts';
import type { UploadActivities } from './upload-contract.ts';

type Take = UploadActivities['takeSignedMessage'];

export async function takeSignedMessage(
  deps: ActivityDeps,
  asked: Parameters<Take>[0],
): Promise<Awaited<ReturnType<Take>>> {
  return { message: await takeSigned(deps.store.pool, asked) };
}
