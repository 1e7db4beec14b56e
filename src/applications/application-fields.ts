// What people may be shown of an application: a name that is its own, and links that are links.
import { AppError } from '../errors.ts';
import { translatorOf, type Values } from '../http/i18n.ts';

/** What is wrong with a field; the sentence is the text of `key`. */
export interface FieldProblem {
  field: string;
  key: string;
  values?: Values;
}

export interface ApplicationFields {
  name: string;
  description: string;
  homepage: string | undefined;
}

const NAME_LENGTH = 60;
const DESCRIPTION_LENGTH = 1000;
const URL_LENGTH = 500;
/** Controls, direction overrides, and everything that takes part in a text without being seen. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|\p{M}{5}/u;
/** Letters that look like Latin ones stand beside them only to be taken for them. */
const LATIN = /\p{Script=Latin}/u;
const LOOKALIKES =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Lisu}\p{Script=Coptic}]/u;

/** Says what is wrong with the fields; empty when nothing is. `productName` is nobody else's name. */
export function fieldProblems(fields: ApplicationFields, productName: string): FieldProblem[] {
  const problems: [string, string | undefined, Values?][] = [
    ['name', nameProblem(fields.name, productName), { product: productName, most: NAME_LENGTH }],
    ['description', descriptionProblem(fields.description), { most: DESCRIPTION_LENGTH }],
    ['homepage', fields.homepage === undefined ? undefined : linkProblem(fields.homepage)],
  ];
  return problems.flatMap(([field, problem, values = {}]) =>
    problem ? [{ field, key: `application.${problem}`, values }] : [],
  );
}

/** Throws 400 with the first of the problems. */
export function expectNoProblem([problem]: FieldProblem[]): void {
  if (!problem) return;
  const { key, values = {} } = problem;
  throw new AppError(400, 'invalid_request', translatorOf('en')(key, values), { key, values });
}

function nameProblem(name: string, productName: string): string | undefined {
  if (!name.trim()) return 'name-missing';
  if (name !== name.trim() || UNSEEN.test(name) || [...name].length > NAME_LENGTH)
    return 'name-characters';
  const words = name.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  if (words.length === 0) return 'name-characters';
  if (words.some((word) => LATIN.test(word) && LOOKALIKES.test(word))) return 'name-scripts';
  return imitates(name, productName) ? 'name-imitates' : undefined;
}

function descriptionProblem(description: string): string | undefined {
  const lines = description.split('\n');
  return description.length > DESCRIPTION_LENGTH || lines.some((line) => UNSEEN.test(line))
    ? 'description-characters'
    : undefined;
}

function linkProblem(text: string): string | undefined {
  const url = URL.parse(text);
  const isPlain = /^[\x21-\x7e]+$/.test(text) && !/[\\"<>^`{|}]/.test(text);
  const isFine =
    url?.protocol === 'https:' && !url.username && !url.password && url.hostname.includes('.');
  return isPlain && isFine && text.length <= URL_LENGTH ? undefined : 'homepage-wrong';
}

/** What letters, digits and signs are read as, whichever script they come from. */
const READ_AS = new Map(
  Object.entries({
    a: '4@аαɑᴀ',
    b: '8вβʙ',
    c: 'сϲᴄ',
    d: 'ԁᴅɗɖ',
    e: '3еёεϵᴇɛ',
    g: 'ɡ9ɢɠ',
    h: 'һнʜɦ',
    j: 'јᴊ',
    k: 'кκᴋƙ',
    l: '1i|!іιıʟɪɩɫ',
    m: 'мᴍɱ',
    n: 'пηɴɲŋ',
    o: '0оοσᴏøɵ',
    p: 'рρᴘ',
    s: '5$ѕꜱʂ',
    t: '7тτᴛŧ',
    u: 'υᴜʊ',
    v: 'νᴠʋ',
    w: 'ԝωᴡ',
    x: 'хχ',
    y: 'уγʏ',
  }).flatMap(([letter, others]) => [...others].map((other): [string, string] => [other, letter])),
);

function imitates(name: string, productName: string): boolean {
  const product = asRead(productName);
  const read = asRead(name);
  return product.length < 4 ? read === product : read.includes(product);
}

function asRead(text: string): string {
  const letters = text.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  return [...letters]
    .map((letter) => READ_AS.get(letter) ?? letter)
    .join('')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}
