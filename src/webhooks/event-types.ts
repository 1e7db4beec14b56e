// What events are about. A type is `<group>.<what happened>`; docs/webhooks.md lists them.

const GROUPS = ['account', 'application', 'subscription', 'credential'];
const TYPE = /^([a-z]+)\.(\*|[a-z]+(-[a-z]+)*)$/;

/** Says what is wrong with the events that a webhook wants; undefined when it is fine. */
export function eventsProblem(events: string[]): string | undefined {
  if (events.length === 0) return 'Name at least one event.';
  const odd = events.find(
    (event) => event !== '*' && !GROUPS.includes(TYPE.exec(event)?.[1] ?? ''),
  );
  return odd === undefined
    ? undefined
    : `${odd} is no event: write a type such as subscription.submitted, all of a group such as ${GROUPS.map((group) => `${group}.*`).join(', ')}, or * for all.`;
}

/** The one event of the approval webhook. */
export const APPROVAL_EVENTS = ['subscription.submitted'];

/** What `webhooks test` sends, to that one webhook only. */
export const TEST_EVENT = 'webhook.test';
