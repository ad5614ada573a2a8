/** A message that was signed in the store, for the workflow of the conflict that it is for: without values of fields. */
import { withoutValues } from '../domain/approval/decision-message.ts';
import { takeSigned } from '../store/signed-messages.ts';
import type { ActivityDeps } from './deps.ts';
import type { UploadActivities } from './upload-contract.ts';

type Take = UploadActivities['takeSignedMessage'];

export async function takeSignedMessage(
  deps: ActivityDeps,
  asked: Parameters<Take>[0],
): Promise<Awaited<ReturnType<Take>>> {
  const signed = await takeSigned(deps.store.pool, asked);
  const hidden = signed === null || asked.message !== 'decide' ? null : withoutValues(signed.input);
  if (signed === null || hidden === null)
    return { message: signed && { input: signed.input, who: signed.who } };
  const { input, problem } = hidden;
  const { who, valuesIn } = signed;
  return { message: { input, who, valuesIn, ...(problem !== null && { problem }) } };
}
