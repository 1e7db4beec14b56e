// bcrypt as crypt(3) writes it. Like its source, it looks at the first 72 bytes of a password.
import bcrypt from 'bcrypt';
import { type HashKind, HashProblem } from './hash-kind.ts';

const MOST_COST = 15;

/** Reads `$2b$12$...`, with the prefixes 2a, 2b and PHP's 2y. */
export const bcryptKind: HashKind = (source) => {
  if (typeof source !== 'string' || !/^\$2[a-z]?\$/.test(source)) return undefined;
  const [, cost = ''] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(source) ?? [];
  if (!cost) throw new HashProblem('it is not written like $2b$12$ and 53 characters');
  if (Number(cost) < 4 || Number(cost) > MOST_COST)
    throw new HashProblem(`its cost must be from 4 to ${MOST_COST}`);
  const hash = source.replace(/^\$2y/, '$2b');
  return (password) => bcrypt.compare(password, hash);
};
