// argon2i, argon2d and argon2id in PHC notation, without a pepper.
import argon2 from 'argon2';
import { argon2Problem } from '../argon2-cost.ts';
import { type HashKind, HashProblem } from './hash-kind.ts';

/** Reads `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`. */
export const argon2Kind: HashKind = (source) => {
  if (typeof source !== 'string' || !/^\$argon2(id|i|d)\$/.test(source)) return undefined;
  const problem = argon2Problem(source);
  if (problem) throw new HashProblem(problem);
  return (password) => argon2.verify(source, password);
};
