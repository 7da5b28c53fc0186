import type { AppDeps } from '../../http/app.js';
import type { Route } from '../../http/route.js';

/** What routes of applications need, beside what all routes need. */
export type AppRouteDeps = AppDeps & {
  /** What webhooks are signed with; without it they are refused. */
  readonly webhookSecret: string | undefined;
};

/** One line of an application's table of routes; some are two routes. */
export type AppRoute = (deps: AppRouteDeps) => readonly Route[];

/** One application: its schema in the database, and its routes, which are there where that is. */
export type App = { readonly schema: string; readonly routes: readonly AppRoute[] };
