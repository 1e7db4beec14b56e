// What the contract needs to know of an adapter.
import type { ExecutionContext } from 'ava';
import type { AdapterFactory } from 'oidc-provider';
import type { createArtefacts, Model } from './_artefacts.ts';

export interface OpenAdapter {
  factory: AdapterFactory;
  close(): Promise<void>;
  /** Everything that is stored, as text: given by adapters that store no bearer value in clear. */
  rows?(): Promise<string>;
  /** Makes everything that is stored so many seconds older, by the clock of the database. */
  advance?(seconds: number): Promise<void>;
}

export interface AdapterClaims {
  /** Models that never reach it, beside Client. */
  unstored?: Model[];
  /** Models that are ended once: who ends one that is gone is refused. */
  endedOnce?: Model[];
  /** Fields that it withholds on purpose, as `Model.field` or `Model.field.member`. */
  withheld?: string[];
  /** Fields of a session that a look-up by `uid` withholds. */
  withheldByUid?: string[];
  /** Fields of a device code that a look-up by its user code withholds. */
  withheldByUserCode?: string[];
}

/** The adapter under test, and a library instance on it. */
export interface Subject extends OpenAdapter {
  artefacts: ReturnType<typeof createArtefacts>;
}

/** Registers one test. */
export type Check = (
  title: string,
  run: (t: ExecutionContext, subject: Subject) => Promise<void>,
) => void;
