/** Pages of the Temporal UI. */
import type { TemporalSettings } from './config.ts';

/** An address where `temporal.uiUrl` is configured, else its path in whatever UI people have. */
export function workflowPage(
  { uiUrl = '', namespace }: Pick<TemporalSettings, 'uiUrl' | 'namespace'>,
  workflowId: string,
): string {
  return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
