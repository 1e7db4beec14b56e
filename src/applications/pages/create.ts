// /applications/new: one page from nothing to a sandbox client, whose secret is shown for the only time.
import { randomBytes } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm, whenSignedIn } from '../../accounts/self-care/self-care.ts';
import type { SignedIn } from '../../accounts/self-care/signed-in.ts';
import { AppError, notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { onlyOnce } from '../../http/only-once.ts';
import type { ApplicationViews } from '../../http/views/application.ts';
import { listApis } from '../../storage/apis.ts';
import { findMemberApplication } from '../../storage/applications.ts';
import { listVisibleProducts } from '../../storage/products.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { actorOf } from '../actor.ts';
import { fieldProblems } from '../application-fields.ts';
import { createApplication, expectNewName, expectRoom } from '../create-application.ts';
import { environmentFile } from '../credentials/show-credentials.ts';
import { firstCommands } from '../snippets/snippets.ts';
import { addressFields, addressProblems, toAddresses } from './address-problems.ts';
import { developerPage } from './developer-page.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';

const PATH = '/applications/new';
const OFFERED_PRODUCTS = 20;
const PRODUCT_FIELD = /^product_(prd_[0-9a-f]{1,60})$/;

const text = z.string().max(20_000).default('');
// Browsers part lines by CR LF.
const lines = text.transform((value) => value.replaceAll('\r\n', '\n'));
const form = z
  .object({
    idempotency_key: z.string().max(100).default(''),
    kind: z.enum(['web', 'spa', 'native', 'machine'], 'Choose a kind of application.'),
    name: text,
    description: lines,
    homepage: text,
    redirect_uris: lines,
    post_logout_uris: lines,
    cors_origins: lines,
  })
  // The boxes of the products; nothing else of it is looked at.
  .loose();
type Form = z.infer<typeof form>;
type NewPage = ApplicationViews['application/new'];
type Created = Omit<ApplicationViews['application/created'], 'account' | 'csrf' | 'notice'>;

/** Adds the routes. */
export function addCreateRoutes(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      await show(ctx, deps, person, { form: emptyForm(), errors: {}, addressErrors: {} });
    }),
  );
  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const typed = await readOwnForm(ctx, deps, person, form);
      const problems = problemsOf(ctx, deps, typed);
      if (problems) {
        ctx.status = 400;
        return show(ctx, deps, person, { form: typed, ...problems });
      }
      await answer(ctx, deps, person, typed);
    }),
  );
}

// A second click waits for the first one, and is shown the same answer.
async function answer(
  ctx: Context,
  deps: ApplicationPagesDeps,
  person: SignedIn,
  typed: Form,
): Promise<void> {
  const { idempotency_key: key, ...request } = typed;
  const holder = `${person.account.id} ${PATH}`;
  try {
    const created = await onlyOnce(deps, { holder, key, request }, () =>
      create(ctx, deps, person, typed),
    );
    // The same answer again is for who is still a member.
    if (!(await findMemberApplication(deps.db, person.account.id, created.application.id)))
      throw notFound();
    deps.render(ctx, 'application/created', { ...developerPage(ctx, deps, person), ...created });
  } catch (error) {
    const alert = alertOf(ctx, error);
    if (!alert) throw error;
    // The key is free again.
    await currentUnitOfWork()?.rollback();
    ctx.status = alert.status;
    const form = { ...typed, idempotency_key: alert.status === 422 ? '' : key };
    const page = { form, errors: {}, addressErrors: {} };
    await show(ctx, deps, person, { ...page, alert });
  }
}

async function create(
  ctx: Context,
  deps: ApplicationPagesDeps,
  person: SignedIn,
  typed: Form,
): Promise<Created> {
  const { id: accountId } = person.account;
  const about = aboutOf(typed);
  // From here on, other windows of theirs wait.
  await expectRoom(deps, accountId);
  await expectNewName(deps.db, accountId, about.name);
  const { application, client, secret } = await createApplication(
    deps,
    { ...actorOf(ctx, accountId), accountId },
    { ...about, ...toAddresses(typed.kind, typed), kind: typed.kind, productIds: chosen(typed) },
  );
  const { id, name, kind } = application;
  return {
    application: { id, name, kind },
    clientId: client.id,
    secret,
    file: secret && environmentFile({ issuer: deps.issuer, clientId: client.id, secret }),
    commands: firstCommands(
      { issuer: deps.issuer, apis: await deps.catalog.all() },
      client,
      secret,
    ),
    products: client.application?.subscriptions.map(({ product }) => product.name) ?? [],
  };
}

/** The products that were ticked. */
function chosen(typed: Form): string[] {
  return Object.keys(typed).flatMap((name) => PRODUCT_FIELD.exec(name)?.[1] ?? []);
}

function aboutOf(typed: Form) {
  return {
    name: typed.name.trim(),
    description: typed.description.trim(),
    homepage: typed.homepage.trim() || undefined,
  };
}

function problemsOf(
  ctx: Context,
  deps: ApplicationPagesDeps,
  typed: Form,
): { errors: NewPage['errors']; addressErrors: Record<string, string[]> } | undefined {
  const t = translate(ctx);
  const problems = fieldProblems(aboutOf(typed), deps.productName);
  const errors = Object.fromEntries(
    problems.map(({ field, key, values }) => [field, t(key, values)]),
  );
  const addressErrors = addressProblems(t, { ...typed, environment: 'sandbox' }, typed);
  return Object.keys(errors).length + Object.keys(addressErrors).length > 0
    ? { errors, addressErrors }
    : undefined;
}

/** What is said above the form about an application that could not be created. */
function alertOf(
  ctx: Context,
  error: unknown,
): (NonNullable<NewPage['alert']> & { status: number }) | undefined {
  if (!(error instanceof AppError)) return undefined;
  const { code, status, key, values } = error;
  const t = translate(ctx);
  if (code === 'idempotency_key_reused') {
    const link = { href: '/applications', text: t('application.title') };
    return { status, text: t('application.sent-already'), link };
  }
  if (!key || (code !== 'limit_reached' && code !== 'name_taken')) return undefined;
  const id = values?.['id'];
  const href = id === undefined ? '/applications' : `/applications/${id}`;
  const text = t(id === undefined ? 'application.title' : 'application.to-application');
  return { status, text: t(key, values), link: { href, text } };
}

function emptyForm(): Form {
  const [description, homepage] = ['', ''];
  return {
    ...{ idempotency_key: '', kind: 'web', name: '', description, homepage },
    ...{ redirect_uris: '', post_logout_uris: '', cors_origins: '' },
  };
}

async function show(
  ctx: Context,
  deps: ApplicationPagesDeps,
  person: SignedIn,
  page: {
    form: Form;
    errors: NewPage['errors'];
    addressErrors: Record<string, string[]>;
    alert?: NewPage['alert'];
  },
): Promise<void> {
  const { form: typed, errors } = page;
  const found = await listVisibleProducts(deps.db, person.account.id, {
    limit: OFFERED_PRODUCTS + 1,
  });
  const offered = found.slice(0, OFFERED_PRODUCTS);
  const apis = await listApis(deps.db);
  const sandbox = new Set(apis.flatMap((api) => (api.environment === 'sandbox' ? api.id : [])));
  // With one product there is nothing to choose; a form that came back says what was chosen.
  const ticked = new Set(
    ctx.method === 'GET' && offered.length === 1 ? offered.map(({ id }) => id) : chosen(typed),
  );
  deps.render(ctx, 'application/new', {
    ...developerPage(ctx, deps, person),
    idempotencyKey: typed.idempotency_key || randomBytes(16).toString('base64url'),
    ...{ kind: typed.kind, name: typed.name, description: typed.description },
    homepage: typed.homepage,
    addresses: addressFields(typed, page.addressErrors),
    products: offered.map((product) => ({
      ...{ id: product.id, name: product.name, description: product.description },
      scopes: product.scopes.filter(({ apiId }) => sandbox.has(apiId)).map(({ scope }) => scope),
      terms: product.terms,
      checked: ticked.has(product.id),
    })),
    moreProducts: found.length > OFFERED_PRODUCTS,
    errors,
    alert: page.alert,
  });
}
