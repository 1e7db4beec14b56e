// What an application was refused, and what it fetched.
import type { Moment } from './account.ts';
import type { ApplicationPage } from './application.ts';

/** One line of a list of details: a sentence or a value, or links. */
export interface DetailRow {
  label: string;
  value: string;
  /** Shown as code. */
  isCode?: boolean;
  links?: { href: string; text: string }[];
}

export interface MeteringViews {
  'application/refusals': ApplicationPage & {
    rules: { what: string; remedy: string; count: number; place: PlaceLink | undefined }[];
    latest: { id: string; what: string; at: Moment; environment: string | undefined }[];
  };
  'application/refusal': ApplicationPage & {
    what: string;
    remedy: string;
    place: PlaceLink | undefined;
    rows: DetailRow[];
    correlationId: string;
  };
  'application/usage': ApplicationPage & {
    /** Oldest first; each height is a percentage of the chart. */
    bars: {
      day: string;
      issued: number;
      refused: number;
      issuedHeight: number;
      refusedHeight: number;
    }[];
    most: number;
    totals: { result: string; tokens: number }[];
    days: {
      day: string;
      environment: string | undefined;
      api: string;
      result: string;
      tokens: number;
    }[];
    /** Tokens that were fetched too early; 0: no hint. */
    early: number;
    limits: { what: string; environment: string | undefined; limit: string }[];
  };
}

/** The page where the owner changes what was refused. */
export interface PlaceLink {
  href: string;
  text: string;
}
