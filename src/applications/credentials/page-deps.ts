// What the pages of credentials need.
import type { SelfCareDeps } from '../../accounts/self-care/self-care.ts';
import type { FetchKeys } from './publish-keys.ts';

export interface CredentialPagesDeps extends SelfCareDeps {
  hashKeys: Buffer[];
  encryptionKeys: Buffer[];
  fetchKeys: FetchKeys;
}
