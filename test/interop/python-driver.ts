import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedFolder, sha256Of } from './cache.ts';
import { type Driver, installMs } from './driver.ts';
import { must } from './run.ts';

const sources = fileURLToPath(new URL('python', import.meta.url));
const requirements = join(sources, 'requirements.txt');
const python = process.platform === 'win32' ? 'python' : 'python3';
const remedy =
  'Install Python 3.10 or newer with pip and venv (Debian: apt-get install python3 python3-venv).';

/** python-oracledb in thin mode, in a virtual environment of the cache. pip's own settings say where from. */
export const pythonDriver: Driver = {
  name: 'python',
  title: 'python-oracledb 26.1.0 (thin)',
  prepare: async (log) => {
    const version = await pythonVersion();
    const pinned = (await sha256Of(requirements)).slice(0, 12);
    const folder = await cachedFolder(`python/${version}-${pinned}`, async (made) => {
      log(`installing python-oracledb for Python ${version}, once`);
      await must({ file: python, args: ['-m', 'venv', made] }, { limitMs: installMs, remedy });
      const pip = ['-m', 'pip', 'install', '--no-input', '--require-hashes', '-r', requirements];
      await must({ file: interpreterOf(made), args: pip }, { limitMs: installMs, remedy });
    });
    return { file: interpreterOf(folder), args: ['-B', join(sources, 'checks.py')] };
  },
};

/** `3.11-linux-x86_64`: compiled packages are for one of each. */
async function pythonVersion(): Promise<string> {
  const program =
    'import sys, platform; print("%d.%d-" % sys.version_info[:2] + sys.platform + "-" + platform.machine())';
  const printed = await must({ file: python, args: ['-c', program] }, { limitMs: 30_000, remedy });
  return printed.trim();
}

function interpreterOf(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}
