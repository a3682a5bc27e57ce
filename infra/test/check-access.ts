// The check of tokens and keys that the functions have, for tests that call it themselves.
import { type AccessOptions, createAccessCheck } from '../../lib/auth/access.ts';
import type { Caller, Scope } from '../../lib/auth/caller.ts';

export type TestCheck = (authorization: string | undefined, scope: Scope, network?: string) => Promise<Caller>;

export function createTestCheck(options: AccessOptions): TestCheck {
  const check = createAccessCheck(options);
  return (authorization, scope, network = '192.0.2.1') =>
    check({ authorization, network: () => network }, { scope, orScope: undefined });
}
