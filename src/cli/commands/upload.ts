/** `syncline upload <file>`: changes of rows, a mutation a line, through the same engine as those of devices. */
import { Command } from 'commander';
import { sendUpload } from '../../service/send-upload.ts';
import { collect } from '../arguments.ts';
import type { Register } from '../command.ts';
import { serviceContext, withContext } from '../context.ts';
import { readMutationFile } from '../read-mutations.ts';
import { verdictsExit, verdictsText } from '../verdicts-text.ts';

type UploadOptions = { device: string; user?: string; permission: string[]; key?: string };

const EXAMPLES = `
A line is a mutation (docs/uploads.md):
  {"entity":"staff","row":"7","operation":"update","values":{"phone":"555-1"},"base":{"version":"1.9042"}}

Exit codes: 0 all applied or merged, 5 some wait for a decision, 1 some were rejected or lost to the server's side.
Sending a file again is safe: an upload of the same content is the same upload.`;

export function uploadCommand(register: Register): Command {
  const command = new Command('upload')
    .description('apply changes of rows, one JSON object a line, and print each one’s verdict')
    .argument('<file>', '- for standard input')
    .option('--device <id>', 'whose changes they are', 'cli')
    .option('--user <name>', 'who made them')
    .option('--permission <name>', 'what the user may do, for business rules (repeatable)', collect, [])
    .option('--key <key>', 'key of the upload (default: a hash of the content)')
    .addHelpText('after', EXAMPLES);
  return register<UploadOptions>(command, (options, output, [path]) =>
    withContext(options, async (context) => {
      const file = await readMutationFile(path as string);
      const upload = { device: options.device, key: options.key ?? file.sha256 };
      const verdicts = await sendUpload(await serviceContext(context), {
        ...upload,
        user: options.user ?? null,
        permissions: options.permission,
        mutations: file.lines.map(({ mutation }) => mutation),
      });
      const lines = verdicts.map((verdict, i) => ({ line: file.lines[i]?.line ?? 0, ...verdict }));
      output.result({ ...upload, mutations: lines }, () => verdictsText(lines));
      return verdictsExit(verdicts);
    }),
  );
}
