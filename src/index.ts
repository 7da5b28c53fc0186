/** What other programs import; everything else is SQL. */
export { type Config, loadConfig } from './config.js';
export { connect, withClient } from './database.js';
export { type Embedded, embeddedStatus, startEmbedded, stopEmbedded } from './embedded.js';
export { UserError } from './errors.js';
export type { Authenticate } from './http/auth.js';
export type { Readiness } from './http/readiness.js';
export type { Viewer } from './live/audience.js';
export { type ServeOptions, type Serving, serve } from './main.js';
export { type MigrateOptions, type MigrateResult, migrate } from './migrate.js';
export type { Observation, Observe } from './observation.js';
export { createTally, type MountOptions, type Tally, type TallyOptions } from './tally.js';
