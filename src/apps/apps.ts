import type { Route } from '../http/route.js';
import { accounts } from './accounts.js';
import { calls } from './calls.js';
import { community } from './community.js';
import { facilities } from './facilities.js';
import type { App, AppRouteDeps } from './kit/app.js';
import { leads } from './leads.js';
import { messages } from './messages.js';

/** Those that others stand on come first. */
export const APPS: readonly App[] = [accounts, leads, calls, messages, community, facilities];

export function appRoutes(deps: AppRouteDeps): Route[] {
  return APPS.flatMap(({ schema, routes }) =>
    routes.flatMap((make) => make(deps).map((route) => ({ ...route, schema }))),
  );
}
