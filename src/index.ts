/** What other programs import; everything else is SQL. */
export { type Config, loadConfig } from './config.js';
export { connect, withClient } from './database.js';
export { type Embedded, embeddedStatus, startEmbedded, stopEmbedded } from './embedded.js';
export { UserError } from './errors.js';
export { type MigrateOptions, type MigrateResult, migrate } from './migrate.js';
