import type { TestProject } from 'vitest/node';
import { openSupply } from './supply.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where test files ask for what they share. */
    supplyUrl: string;
  }
}

/** Starts nothing but the supply: a run of pure tests costs no server. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const supply = await openSupply();
  project.provide('supplyUrl', supply.url);
  project.onTestsRerun(async () => supply.forgetCode());
  return supply.close;
}
