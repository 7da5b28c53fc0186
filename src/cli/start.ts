import { targetOf } from '../database.js';
import { type Context, databaseUrl, EXIT, type Verb } from './verb.js';

export const start: Verb = {
  name: 'start',
  usage: '',
  summary: 'start PostgreSQL (the embedded one unless DATABASE_URL is set) and migrate',
  run: async (context) => {
    const url = await databaseUrl(context);
    const { migrate } = await import('../migrate.js');
    await migrate({ url, report: (line) => context.note(line) });
    const embedded = context.config.databaseUrl === undefined;
    // The embedded server listens on this machine only, and its password is wanted by other tools.
    // Anybody else's stays where it is.
    context.say(`PostgreSQL runs and is migrated: ${embedded ? url : targetOf(url)}`);
    context.say('');
    context.say('Lines to try:');
    for (const line of linesToTry(context, embedded)) context.say(`  ${line}`);
    return EXIT.ok;
  },
};

function linesToTry({ program }: Context, embedded: boolean): string[] {
  return [
    `${program} sql 'create table public.users (id bigint primary key, pending boolean)'`,
    `${program} sql 'select tally.create_counter($$pending_users$$, $$public.users$$, $$pending$$)'`,
    `${program} sql 'insert into public.users values (1, true), (2, true), (3, false)'`,
    `${program} sql 'select * from tally.counters'`,
    `${program} status`,
    `${program} doctor`,
    `${program} help`,
    ...(embedded ? [`${program} stop`] : []),
  ];
}
