// The page with ready-to-paste code of an application.
import type { ApplicationPage } from './application.ts';

/** One of several, as a link. */
export interface CodeChoice {
  name: string;
  href: string;
  isChosen: boolean;
}

export interface CodeViews {
  'application/code': ApplicationPage & {
    environments: CodeChoice[];
    apis: CodeChoice[];
    languages: CodeChoice[];
    /** Undefined: there is nothing to call yet, and `missing` says why. */
    snippet: { file: string; code: string; install: string | undefined; run: string } | undefined;
    missing: 'client' | 'api' | undefined;
    /** It reads its secret from the environment. */
    readsSecret: boolean;
    /** The API names no example, so that the address in the code is a guess. */
    guessesUrl: boolean;
    /** The redirect URI that would let the code run on the developer's own machine. */
    localUri: string | undefined;
  };
}
