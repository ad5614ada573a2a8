import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardDirectory } from '../../dev/process-guard.ts';
import { type Driver, installMs } from './driver.ts';
import { must } from './run.ts';

const sources = fileURLToPath(new URL('go', import.meta.url));
const remedy = 'Install Go 1.22 or newer (go.dev), or leave this driver out: --only python,jdbc.';

/** go-ora, a driver that is not Oracle's. go.mod and go.sum pin it; Go keeps modules and what it built in its own caches. */
export const goDriver: Driver = {
  name: 'go',
  title: 'go-ora 2.8.24',
  prepare: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'syncline-interop-'));
    guardDirectory(folder);
    const program = join(folder, process.platform === 'win32' ? 'checks.exe' : 'checks');
    const args = ['build', '-mod=readonly', '-o', program, '.'];
    await must({ file: 'go', args, cwd: sources, env: { GOWORK: 'off' } }, { limitMs: installMs, remedy });
    return { file: program, args: [] };
  },
};
