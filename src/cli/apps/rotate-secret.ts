// apps rotate-secret: the next secret, while the ones before still work for a while.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { chooseIssuer } from '../login/issuer.ts';
import { note, printFields, printJson } from '../print.ts';
import { callApi } from './call-api.ts';
import { writeOrShow } from './create.ts';
import { openEnvFile } from './env-file.ts';
import { findApplication } from './find.ts';
import { credential } from './shapes.ts';

export const rotateOptions = z.object({
  issuer: z.string().optional(),
  json: z.boolean().default(false),
  production: z.boolean().default(false),
  overlap: z.coerce.number(),
  envFile: z.string().optional(),
});

const credentials = z.object({ data: z.array(credential) });
const added = credential.extend({ client_secret: z.string() });

/** Adds a secret, then retires the secrets that were live before, with the overlap. */
export async function runRotateSecret(
  which: string,
  options: z.infer<typeof rotateOptions>,
): Promise<void> {
  const { overlap } = options;
  if (!(overlap >= 0 && overlap <= 720))
    throw new UsageError('--overlap is a number of hours from 0 to 720.');
  const issuer = chooseIssuer(options.issuer);
  // Forced: replacing the secret in the file is what this command is for.
  const file = options.envFile && openEnvFile(options.envFile, ['CLIENT_SECRET'], true);
  const application = await findApplication({ issuer }, which);
  const environment = options.production ? 'production' : 'sandbox';
  const path = `/me/applications/${application.id}/credentials`;
  const before = credentials.parse(
    await callApi({ issuer }, 'GET', `${path}?environment=${environment}`),
  );
  const name = `since ${new Date().toISOString().slice(0, 10)}`;
  const secret = added.parse(await callApi({ issuer }, 'POST', path, { environment, name }));
  if (file) writeOrShow(file, { CLIENT_SECRET: secret.client_secret });
  const old = before.data.filter(({ kind, state }) => kind === 'secret' && state === 'live');
  for (const { id } of old)
    await callApi({ issuer }, 'POST', `${path}/${id}/retire`, {
      overlap_seconds: Math.round(overlap * 3600),
    });
  const shown = file ? null : secret.client_secret;
  if (options.json) return printJson({ ...secret, client_secret: shown });
  printFields([
    ['credential', secret.id],
    ['client_secret', shown ?? `in ${options.envFile}`],
    ['retired', old.map(({ id, hint }) => `${id} (${hint}), works for ${overlap} more hours`)],
  ]);
  if (!file) note('The secret is not shown again: store it now where the application finds it.');
}
