import { copyFile, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardDirectory } from '../../dev/process-guard.ts';
import { cachedFolder, sha256Of } from './cache.ts';
import { type Driver, installMs } from './driver.ts';
import { must } from './run.ts';

const sources = fileURLToPath(new URL('jdbc', import.meta.url));
const version = '23.26.0.0.0';
const sha256 = 'ef295bf01374dac7d791b3bc6526d10e8910ecac4645a95a3ca0c01cfc5c21d0';
const jarName = `ojdbc11-${version}.jar`;
const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
const mavenRemedy = `Install Maven (Debian: apt-get install maven), or download com.oracle.database.jdbc:ojdbc11:${version} yourself and name the file in OJDBC_JAR.`;
const javaRemedy = 'Install a JDK, 17 or newer (Debian: apt-get install default-jdk-headless).';

/** Oracle's JDBC thin driver. Maven fetches it, with the repositories, mirrors and proxies of its own settings. */
export const jdbcDriver: Driver = {
  name: 'jdbc',
  title: `JDBC thin driver ${version} (ojdbc11)`,
  prepare: async (log) => {
    const java = { limitMs: 60_000, remedy: javaRemedy };
    await must({ file: 'java', args: ['-version'] }, java);
    const folder = await cachedFolder(`jdbc/${version}`, async (made) => {
      log(`fetching ${jarName}, once`);
      await fetchJar(made);
    });
    const jar = join(folder, jarName);
    const classes = await mkdtemp(join(tmpdir(), 'syncline-interop-'));
    guardDirectory(classes);
    const files = (await readdir(sources)).filter((name) => name.endsWith('.java'));
    const options = ['--release', '17', '-encoding', 'UTF-8', '-cp', jar, '-d', classes];
    await must({ file: 'javac', args: [...options, ...files], cwd: sources }, java);
    return { file: 'java', args: ['-cp', [classes, jar].join(delimiter), 'Checks'] };
  },
};

async function fetchJar(folder: string): Promise<void> {
  const own = process.env.OJDBC_JAR;
  if (own) await copyFile(own, join(folder, jarName));
  else {
    const coordinates = `-Dartifact=com.oracle.database.jdbc:ojdbc11:${version}`;
    const args = ['-B', '-q', copyPlugin, coordinates, `-DoutputDirectory=${folder}`];
    await must({ file: 'mvn', args, cwd: folder }, { limitMs: installMs, remedy: mavenRemedy });
  }
  const found = await sha256Of(join(folder, jarName));
  if (found !== sha256) throw new Error(`${own ?? jarName} has SHA-256 ${found}, not ${sha256}`);
}
