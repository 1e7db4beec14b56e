// Which doors are open: asked wherever somebody could come in.
import type { SignUpConfig } from '../../config/sign-up.ts';
import { AppError } from '../../errors.ts';

/** Whether strangers may sign up with a password. */
export function isOpen(config: SignUpConfig): boolean {
  return config.passwords && (config.mode === 'open' || config.mode === 'approval');
}

/** Throws 403 unless strangers may sign up with a password. */
export function expectOpen(config: SignUpConfig): void {
  if (isOpen(config)) return;
  if (!config.passwords) throw passwordsOff();
  throw config.mode === 'invitation'
    ? new AppError(403, 'forbidden', 'New accounts are made by invitation only.', {
        key: 'sign-up.by-invitation',
      })
    : new AppError(403, 'forbidden', 'New accounts are made by an administrator.', {
        key: 'sign-up.closed',
      });
}

/** Whoever comes with a password, and is of a domain whose people sign in elsewhere only. */
export function signsInElsewhere(): AppError {
  return new AppError(403, 'forbidden', 'People of this domain sign in another way.', {
    key: 'federation.other_connector',
  });
}

/** Whoever comes with a password where none are in use. */
export function passwordsOff(): AppError {
  return new AppError(403, 'forbidden', 'Signing in with a password is switched off here.', {
    key: 'sign-in.passwords-off',
  });
}
