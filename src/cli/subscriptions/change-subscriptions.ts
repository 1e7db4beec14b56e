// subscriptions create, approve, reject, suspend, resume, cancel.
import { z } from 'zod';
import type { Actor } from '../../applications/actor.ts';
import { requestProduction } from '../../applications/promotion/request-production.ts';
import type { RegistrationDeps } from '../../applications/registration/register-client.ts';
import {
  decide,
  resumeSubscription,
  suspendSubscription,
} from '../../applications/subscriptions/decide.ts';
import { cancelSubscription } from '../../applications/subscriptions/end-subscription.ts';
import { subscribe } from '../../applications/subscriptions/subscribe.ts';
import { loadProduct } from '../../catalog/products.ts';
import { UsageError } from '../../errors.ts';
import { findApplication } from '../../storage/applications.ts';
import type { Subscription } from '../../storage/subscriptions.ts';
import { jsonOption } from '../list-options.ts';
import { type Installation, withInstallation } from '../open.ts';
import { printJson } from '../print.ts';
import { describeSubscription, loadListed, printSubscription } from './show-subscriptions.ts';

const actorOption = jsonOption.extend({ delegation: z.boolean().default(false) });
export const changeOptions = actorOption.extend({ reason: z.string() });
export const createOptions = actorOption.extend({
  application: z.string(),
  product: z.string(),
  environment: z.enum(['sandbox', 'production']),
  redirectUri: z.array(z.string()).optional(),
  origin: z.array(z.string()).default([]),
  note: z.string().default(''),
});

type Verb = 'approve' | 'reject' | 'suspend' | 'resume' | 'cancel';

/** Subscribes an application. */
export async function runCreate(options: z.infer<typeof createOptions>): Promise<void> {
  const listed = await withInstallation(async (installation) => {
    const { db } = installation;
    const { id } = await create(await registrationDeps(installation), options);
    return loadListed(db, id);
  });
  if (options.json) return printJson(describeSubscription(listed));
  printSubscription(listed);
}

async function create(
  deps: RegistrationDeps,
  options: z.infer<typeof createOptions>,
): Promise<Subscription> {
  const { environment, redirectUri, origin, note } = options;
  const application = await findApplication(deps.db, options.application);
  if (!application) throw new UsageError(`There is no application ${options.application}.`);
  const product = await loadProduct(deps.db, options.product);
  const actor = actorOf(options);
  if (environment === 'sandbox')
    return subscribe(deps.db, actor, { application, product, environment, note });
  const addresses = redirectUri && {
    ...{ redirectUris: redirectUri, postLogoutRedirectUris: [], allowedCorsOrigins: origin },
  };
  const request = { application, products: [product], addresses, note };
  const [subscription] = await requestProduction(deps, actor, request);
  if (!subscription) throw new Error('no subscription came of the request');
  return subscription;
}

/** Changes a subscription. */
export async function runChange(
  verb: Verb,
  id: string,
  options: z.infer<typeof changeOptions>,
): Promise<void> {
  const listed = await withInstallation(async (installation) => {
    const deps = await registrationDeps(installation);
    const subscription = await loadListed(deps.db, id);
    await change(verb, deps, actorOf(options), { subscription, reason: options.reason });
    return loadListed(deps.db, id);
  });
  if (options.json) return printJson(describeSubscription(listed));
  process.stdout.write(
    `The subscription of ${listed.applicationName} to ${listed.productName} is ${listed.state}.\n`,
  );
}

function change(
  verb: Verb,
  deps: RegistrationDeps,
  actor: Actor,
  what: { subscription: Subscription; reason: string },
): Promise<Subscription> {
  if (verb === 'suspend') return suspendSubscription(deps.db, actor, what);
  if (verb === 'resume') return resumeSubscription(deps.db, actor, what);
  if (verb === 'cancel') return cancelSubscription(deps.db, actor, what);
  return decide(deps, actor, { ...what, decision: verb });
}

function actorOf({ delegation }: { delegation: boolean }): Actor {
  return { kind: delegation ? 'delegation' : 'operator' };
}

async function registrationDeps({ db, secrets }: Installation): Promise<RegistrationDeps> {
  const { hashKeys } = await secrets();
  // Loaded only here: it brings the engine, and most commands are done before that.
  const { createMetadataValidator } = await import('../../oidc/metadata-validator.ts');
  return { db, hashKeys, validate: await createMetadataValidator() };
}
