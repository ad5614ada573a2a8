/** Business ids of the workflows of uploads and conflicts (C22). */
import { workflowId } from '../workflow-id.ts';

export function uploadWorkflowId(device: string, key: string): string {
  return workflowId('upload', device, key);
}

export function conflictWorkflowId(conflictId: string): string {
  return workflowId('conflict', conflictId);
}
