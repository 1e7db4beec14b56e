// Whose people a connector lets in: by the validated `tid`, never by an address.

import { Refusal } from '../connector.ts';
import type { CommonSettings } from '../settings.ts';
import { guestOf, type Person } from './identity.ts';
import { isShared, PERSONAL_ACCOUNTS } from './tenants.ts';

export interface AdmissionSettings {
  tenant: string;
  tenants: string[];
  any_tenant: boolean;
  personal_accounts: boolean;
  guests: boolean;
}

/** What is wrong with the settings of admission, taken together. */
export function admissionProblems(settings: CommonSettings & AdmissionSettings): string[] {
  return [...tenantProblems(settings), ...trustProblems(settings)];
}

function tenantProblems({ any_tenant, tenant, tenants }: AdmissionSettings): string[] {
  if (any_tenant && tenants.length > 0) return ['tenants: leave it empty where any_tenant is true'];
  if (any_tenant && !isShared(tenant))
    return ['any_tenant: has a meaning with the tenant common or organizations only'];
  if (isShared(tenant) && !any_tenant && tenants.length === 0)
    return [`tenants: name those that are let in, or set any_tenant to true; tenant is ${tenant}`];
  return [];
}

// An administrator of any of the tenants could write the address of somebody else (nOAuth).
function trustProblems(settings: CommonSettings & AdmissionSettings): string[] {
  if (!isShared(settings.tenant)) return [];
  const problems: string[] = [];
  if (settings.email_trust && settings.email_trust !== 'none')
    problems.push('email_trust: cannot be raised for the people of several tenants');
  if (settings.linking === 'auto')
    problems.push('linking: cannot be auto for the people of several tenants');
  return problems;
}

/** Lets a person in, or throws a Refusal. */
export function admit(settings: CommonSettings & AdmissionSettings, person: Person): void {
  if (person.tid !== PERSONAL_ACCOUNTS) {
    admitTenant(settings, person.tid);
    admitGuest(settings, guestOf(person));
  } else if (!settings.personal_accounts) {
    throw new Refusal(
      'not_admitted',
      'A personal Microsoft account. To let them in, set personal_accounts to true.',
    );
  }
}

function admitTenant({ any_tenant, tenant, tenants }: AdmissionSettings, tid: string): void {
  const mustBeListed = tenants.length > 0 || (isShared(tenant) && !any_tenant);
  if (mustBeListed && !tenants.includes(tid))
    throw new Refusal('not_admitted', `An account of the tenant ${tid}, which is not in tenants.`);
}

function admitGuest(
  { allowed_domains, guests }: CommonSettings & AdmissionSettings,
  guest: boolean | undefined,
): void {
  if (guest && !guests)
    throw new Refusal('not_admitted', 'A guest of the tenant. To let them in, set guests to true.');
  // Whoever might be a guest proves nothing by an address of an allowed domain.
  if (guest === undefined && (!guests || allowed_domains.length > 0))
    throw new Refusal(
      'misconfigured',
      'Add the optional claim acct to the ID token: without it nobody can tell guests from members.',
    );
}
