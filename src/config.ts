// readConfig: the only reader of process.env. Every problem is listed at once, in plain words.
import { resolve } from 'node:path';
import { z } from 'zod';
import { readTokenLimits, type TokenLimits } from './config/budgets.ts';
import { type CaptchaConfig, readCaptcha } from './config/captcha.ts';
import { type DeveloperConfig, readDeveloper } from './config/developer.ts';
import { readFileVariants } from './config/file-variants.ts';
import { type KeyTimes, readKeyTimes } from './config/key-times.ts';
import { type MailConfig, readMail } from './config/mail.ts';
import { type PasswordConfig, readPasswords } from './config/passwords.ts';
import { readSecretReference } from './config/secret-references.ts';
import { readSignUp, type SignUpConfig } from './config/sign-up.ts';
import { readTrustedProxies } from './config/trusted-proxies.ts';
import { UsageError } from './errors.ts';

/** Keys and peppers; the first of each list is current, the others are still accepted. */
export interface Secrets {
  cookieKeys: string[];
  encryptionKeys: Buffer[];
  passwordPeppers: Buffer[];
  hashKeys: Buffer[];
}

interface CommonConfig {
  port: number;
  /** Where /metrics is served; undefined: nowhere. */
  metricsPort: number | undefined;
  logLevel: string;
  rateLimits: boolean;
  tokenLimits: TokenLimits;
  productName: string;
  keyTimes: KeyTimes;
  /** Days from the deletion of an account to its erasure. */
  erasureDays: number;
  /** Applications that one developer may own. */
  maxApplications: number;
  /** undefined: no mail can be sent. */
  mail: MailConfig | undefined;
  signUp: SignUpConfig;
  captcha: CaptchaConfig;
  passwords: PasswordConfig;
}

/** What a running server needs to know. */
export interface ServerConfig extends CommonConfig {
  mode: 'demo' | 'production';
  issuer: string;
  host: string;
  databaseUrl: string;
  /** Without a pooler: for migrations, news and jobs. The same, unless configured. */
  databaseDirectUrl: string;
  secrets: Secrets;
  trustedProxies: string[];
}

/** Demo mode before its data directory is opened: issuer and secrets come from there. */
export interface DemoConfig extends CommonConfig {
  mode: 'demo';
  dataDir: string;
  databaseUrl: string | undefined;
}

export type Config = DemoConfig | (ServerConfig & { mode: 'production' });

type Environment = Record<string, string | undefined>;

export const SECRET_VARIABLES = {
  cookieKeys: 'GATEHOUSE_COOKIE_KEYS',
  encryptionKeys: 'GATEHOUSE_ENCRYPTION_KEYS',
  passwordPeppers: 'GATEHOUSE_PASSWORD_PEPPERS',
  hashKeys: 'GATEHOUSE_HASH_KEYS',
} as const;

/** What `NAME_FILE` may supply. */
const FROM_FILES = [
  ...['DATABASE_URL', 'DATABASE_DIRECT_URL', 'GATEHOUSE_SMTP_URL', 'GATEHOUSE_CAPTCHA_SECRET'],
  ...Object.values(SECRET_VARIABLES),
];

const PORT = z.coerce.number().int().min(1).max(65535);
/** Beside the server: the example portal and API, and four stand-ins. */
const LAST_DEMO_PORT = 65_529;
const APPLICATIONS = z.coerce.number().int().min(0).max(100_000);
const DAYS = z.coerce.number().int().min(1).max(3650);
const LOG_LEVELS = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']);
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Reads the configuration from the environment. Throws a UsageError that lists every problem. */
export function readConfig(environment: Environment = process.env): Config {
  const problems: string[] = [];
  const values = readFileVariants(environment, FROM_FILES, problems);
  const demo = isDemo(values, problems);
  const common = readCommon(values, demo, problems);
  const config = demo
    ? readDemo(values, common, problems)
    : readProduction(values, common, problems);
  if (problems.length > 0) throw new UsageError(problems);
  return Object.freeze(config);
}

/** True when npm runs this process: it then sits behind a shell that swallows signals. */
export function isRunByNpm(environment: Environment = process.env): boolean {
  return environment['npm_lifecycle_event'] !== undefined;
}

/** What reads the secrets of connectors by their references. Throws a UsageError when one is missing. */
export function createSecretReader(
  environment: Environment = process.env,
): (reference: string) => string {
  return (reference) => readSecretReference(reference, environment);
}

/** What the commands of a developer, who has no server, go by. */
export function readDeveloperConfig(environment: Environment = process.env): DeveloperConfig {
  return readDeveloper(environment);
}

function isDemo(values: Environment, problems: string[]): boolean {
  const asked = values['GATEHOUSE_DEMO'] === '1';
  const configured = values['GATEHOUSE_ISSUER'] || values['DATABASE_URL'];
  if (asked && values['GATEHOUSE_ISSUER'])
    problems.push('GATEHOUSE_DEMO=1 chooses its own issuer: unset GATEHOUSE_ISSUER.');
  if (!asked && !configured && values['NODE_ENV'] === 'production') {
    problems.push(
      'NODE_ENV=production without configuration: set GATEHOUSE_ISSUER and DATABASE_URL, or GATEHOUSE_DEMO=1 for the demo.',
    );
  }
  return asked || !configured;
}

function readCommon(values: Environment, demo: boolean, problems: string[]) {
  const read = <T>(name: string, schema: z.ZodType<T>, fallback: T, problem: string): T => {
    const parsed = schema.safeParse(values[name] || fallback);
    if (!parsed.success) problems.push(`${name} must be ${problem}.`);
    return parsed.data ?? fallback;
  };
  const levels = LOG_LEVELS.options.join(', ');
  return {
    port: read('GATEHOUSE_PORT', PORT, 3000, 'a port number between 1 and 65535'),
    // The demo's terminal shows the banner; its log speaks up when something is wrong.
    logLevel: read('GATEHOUSE_LOG_LEVEL', LOG_LEVELS, demo ? 'warn' : 'info', `one of ${levels}`),
    rateLimits: read('GATEHOUSE_RATE_LIMITS', z.enum(['on', 'off']), 'on', 'on or off') === 'on',
    productName: values['GATEHOUSE_PRODUCT_NAME'] || 'Gatehouse',
    metricsPort: values['GATEHOUSE_METRICS_PORT']
      ? read('GATEHOUSE_METRICS_PORT', PORT, 3000, 'a port number between 1 and 65535')
      : undefined,
    tokenLimits: readTokenLimits(values, problems),
    keyTimes: readKeyTimes(values, problems),
    erasureDays: read('GATEHOUSE_ERASURE_DAYS', DAYS, 30, 'a number of days from 1 to 3650'),
    maxApplications: read(
      'GATEHOUSE_MAX_APPLICATIONS',
      APPLICATIONS,
      20,
      'a whole number from 0 to 100000',
    ),
    mail: readMail(values, demo, problems),
    captcha: readCaptcha(values, problems),
    passwords: readPasswords(values, problems),
    signUp: readSignUp(values, demo, problems),
  };
}

type Common = ReturnType<typeof readCommon>;

function readDemo(values: Environment, common: Common, problems: string[]): DemoConfig {
  const host = values['GATEHOUSE_HOST'];
  if (host && host !== '127.0.0.1')
    problems.push('The demo listens on 127.0.0.1 only: unset GATEHOUSE_HOST.');
  if (common.port > LAST_DEMO_PORT)
    problems.push(
      `The demo takes seven ports in a row: GATEHOUSE_PORT must be at most ${LAST_DEMO_PORT}.`,
    );
  return {
    ...common,
    mode: 'demo',
    dataDir: resolve(values['GATEHOUSE_DATA_DIR'] || '.gatehouse'),
    databaseUrl: readDatabaseUrl('DATABASE_URL', values, problems),
  };
}

function readProduction(values: Environment, common: Common, problems: string[]) {
  if (!common.rateLimits)
    problems.push('GATEHOUSE_RATE_LIMITS=off is for the demo only: unset it.');
  if (!common.mail && common.signUp.passwords && common.signUp.mode !== 'closed')
    problems.push(
      `GATEHOUSE_SIGN_UP=${common.signUp.mode} sends mails: set GATEHOUSE_SMTP_URL and GATEHOUSE_MAIL_FROM.`,
    );
  const databaseUrl = readDatabaseUrl('DATABASE_URL', values, problems);
  const databaseDirectUrl = readDatabaseUrl('DATABASE_DIRECT_URL', values, problems);
  if (!values['DATABASE_URL'])
    problems.push(
      'Set DATABASE_URL, for example postgres://gatehouse:...@db.example.com/gatehouse.',
    );
  return {
    ...common,
    mode: 'production' as const,
    issuer: readIssuer(values['GATEHOUSE_ISSUER'], problems),
    host: values['GATEHOUSE_HOST'] || '127.0.0.1',
    databaseUrl: databaseUrl ?? '',
    databaseDirectUrl: databaseDirectUrl ?? databaseUrl ?? '',
    secrets: readSecrets(values, problems),
    trustedProxies: readTrustedProxies(values['GATEHOUSE_TRUSTED_PROXIES'], problems),
  };
}

function readDatabaseUrl(
  name: string,
  values: Environment,
  problems: string[],
): string | undefined {
  const url = values[name];
  if (!url) return undefined;
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    problems.push(`${name} must be a postgres:// URL.`);
  return url;
}

function readIssuer(value: string | undefined, problems: string[]): string {
  if (!value) {
    problems.push(
      'Set GATEHOUSE_ISSUER to the public https URL, for example https://auth.example.com.',
    );
    return '';
  }
  const url = URL.parse(value);
  if (!url || url.origin !== value) {
    problems.push(
      'GATEHOUSE_ISSUER must be an origin such as https://auth.example.com: lower case, no path, no trailing slash, no default port.',
    );
    return value;
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname)))
    problems.push('GATEHOUSE_ISSUER must use https; http is allowed on loopback only.');
  return value;
}

function readSecrets(values: Environment, problems: string[]): Secrets {
  const seen = new Map<string, string>();
  const read = (name: string): Buffer[] => {
    const list = (values[name] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);
    if (list.length === 0)
      problems.push(`Set ${name} (or ${name}_FILE); \`gatehouse secrets\` makes one.`);
    return list.map((text) => {
      const problem = secretProblem(text);
      if (problem) problems.push(`${name} ${problem}`);
      const other = seen.get(text);
      if (other && other !== name)
        problems.push(`${name} repeats a value of ${other}: each needs its own.`);
      seen.set(text, name);
      return Buffer.from(text, 'base64url');
    });
  };
  return {
    cookieKeys: read(SECRET_VARIABLES.cookieKeys).map((key) => key.toString('base64url')),
    encryptionKeys: read(SECRET_VARIABLES.encryptionKeys),
    passwordPeppers: read(SECRET_VARIABLES.passwordPeppers),
    hashKeys: read(SECRET_VARIABLES.hashKeys),
  };
}

function secretProblem(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return 'must be base64url: letters, digits, - and _ only.';
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < 32) return 'must hold at least 32 random bytes.';
  // 32 random bytes hold fewer than 16 different values about once in 10^11 times.
  if (new Set(bytes).size < 16 || /change.?me|example|placeholder|secret|password/i.test(text))
    return 'looks like a placeholder: use random bytes (`gatehouse secrets` makes them).';
  return undefined;
}
