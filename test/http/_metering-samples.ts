// The data that the tests of the pages about usage and refusals show.
import type { ApplicationPage } from '../../src/http/views/application.ts';
import type { MeteringViews } from '../../src/http/views/metering.ts';

const at = { iso: '2026-11-27T20:00:00.000Z', text: '27 Nov 2026, 20:00 UTC' };
const page = (section: ApplicationPage['section']): ApplicationPage => ({
  section,
  account: { name: 'Ada Lovelace', email: 'ada@example.com' },
  csrf: 'a"token',
  notice: undefined,
  application: {
    ...{ id: 'app_1', name: 'Trucks & <trailers>', kind: 'machine', state: 'active' },
    ...{ verified: false, logoUrl: undefined },
  },
});
const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
const place = { href: '/applications/app_1/credentials', text: 'Credentials' };

export const meteringSamples: MeteringViews = {
  'application/refusals': {
    ...page('refusals'),
    rules: [
      {
        ...{ what: 'The client secret that was sent has expired.', remedy: 'Use a newer one.' },
        ...{ count: 1234, place },
      },
      {
        ...{ what: 'No API here has the scope that was asked for.', remedy: 'Compare it.' },
        ...{ count: 1, place: undefined },
      },
    ],
    latest: [
      {
        ...{ id, what: 'The client secret that was sent has expired.' },
        ...{ at, environment: 'sandbox' },
      },
    ],
  },
  'application/refusal': {
    ...page('refusals'),
    ...{ what: 'The client secret that was sent has expired.', remedy: 'Use a newer one.', place },
    rows: [
      { label: 'When', value: at.text },
      { label: 'Credential', value: 'gh_sec_AbCd…', isCode: true },
      { label: 'Sent', value: `https://rp.example.com/${'long/'.repeat(40)}`, isCode: true },
      {
        label: 'Products that have it',
        value: '',
        links: [{ href: '/products/prd_1', text: 'Orders' }],
      },
    ],
    correlationId: id,
  },
  'application/usage': {
    ...page('usage'),
    bars: Array.from({ length: 30 }, (_, index) => ({
      day: `2026-11-${String(index + 1).padStart(2, '0')}`,
      ...{ issued: index, refused: index % 3, issuedHeight: index * 3, refusedHeight: index % 3 },
    })),
    most: 31,
    totals: [
      { result: 'Issued', tokens: 1234 },
      { result: 'Refused: The client secret that was sent has expired.', tokens: 30 },
    ],
    days: [
      {
        ...{ day: '2026-11-30', environment: 'sandbox', api: 'Orders API' },
        ...{ result: 'Refused: The client secret that was sent has expired.', tokens: 2 },
      },
    ],
    early: 321,
    limits: [
      { what: 'Orders Gold', environment: 'production', limit: '60 tokens a minute' },
      { what: 'Each client', environment: undefined, limit: '600 tokens a minute' },
    ],
  },
};
