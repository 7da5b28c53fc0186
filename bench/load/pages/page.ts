import type { Some } from '../../../src/demo/traffic.js';
import type { Database } from '../../lib/database.js';
import type { Person, Role } from '../lib/applications.js';

/** One page of the applications, and how often it is opened. */
export type Page = {
  /** Those that are reported together. */
  readonly group: string;
  /** Among the pages of whoever may open it. */
  readonly weight: number;
  /** Everybody, where nothing is said. */
  readonly roles?: readonly Role[];
  readonly pathFor: (person: Person, some: Some) => string;
};

/** An application's pages; what stands in their paths is looked up once. */
export type PagesOf = (database: Database, people: readonly Person[]) => Promise<readonly Page[]>;
