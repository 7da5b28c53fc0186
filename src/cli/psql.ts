import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { UserError } from '../errors.js';
import { databaseUrl, EXIT, type Verb } from './verb.js';

export const psql: Verb = {
  name: 'psql',
  usage: '[-- ARGUMENTS]',
  summary: 'open psql on the database, where there is a psql',
  positionalsMax: Number.POSITIVE_INFINITY,
  run: async (context) => {
    const url = new URL(await databaseUrl(context));
    // Other users of the machine can read command lines, but not environments.
    const password = url.password === '' ? {} : { PGPASSWORD: decodeURIComponent(url.password) };
    url.password = '';
    const child = spawn('psql', [url.href, ...context.positionals], {
      stdio: 'inherit',
      env: { ...process.env, ...password },
    });
    // Ctrl-C in psql cancels a query: it must not end this process below it.
    const ignore = () => undefined;
    process.on('SIGINT', ignore);
    try {
      const [code] = (await once(child, 'exit')) as [number | null];
      return code ?? EXIT.error;
    } catch (error) {
      throw new UserError('psql could not be run', {
        hint: `install it (postgresql-client), or use: ${context.program} sql 'select …'`,
        cause: error,
      });
    } finally {
      process.off('SIGINT', ignore);
    }
  },
};
