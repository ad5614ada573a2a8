import type { SourceChange, Value } from 'syncline';

const CLOSED_STAGES = new Set<Value | undefined>(['CLOSED WON', 'CLOSED LOST']);

/**
 * Rule of the local column `workflow_status`: a deal that becomes closed in the CRM is closed in our workflow too. Any
 * other change keeps what people set here, and a deal that the CRM opens again stays CLOSED_IN_CRM until they say
 * otherwise.
 */
export function closeWhenClosedInCrm({ before, after, value }: SourceChange): Value {
  const becameClosed = CLOSED_STAGES.has(after.stage) && !CLOSED_STAGES.has(before?.stage);
  return becameClosed ? 'CLOSED_IN_CRM' : value;
}
