import { targetOf, withClient } from '../database.js';
import { tokenLines } from './demo.js';
import { EXAMPLE } from './example.js';
import { serveUntilInterrupted } from './serve.js';
import { type Context, databaseUrl, EXIT, type Verb } from './verb.js';

export const start: Verb = {
  name: 'start',
  usage: '',
  summary: 'start PostgreSQL (the embedded one unless DATABASE_URL is set), migrate, and serve',
  run: async (context) => {
    const url = await databaseUrl(context);
    const { migrate } = await import('../migrate.js');
    await migrate({ url, report: (line) => context.note(line) });
    const hasDemo = isEmbedded(context) && (await prepareDemo(context, url));
    await serveUntilInterrupted(context, url, async (at) => {
      const tokens = hasDemo ? await tokenLines(context, at) : [];
      for (const line of greeting(context, url, at, tokens)) context.say(line);
    });
    for (const line of farewell(context)) context.say(line);
    return EXIT.ok;
  },
};

/** Whether the demo's people are there: loaded now, or earlier. */
async function prepareDemo(context: Context, url: string): Promise<boolean> {
  const { hasDemo, loadDemo } = await import('../demo/load.js');
  return await withClient(url, 'pgtally demo', async (client) => {
    await loadDemo(client, (line) => context.note(line));
    return await hasDemo(client);
  });
}

function greeting(context: Context, url: string, at: string, tokens: readonly string[]): string[] {
  const { program } = context;
  const sql = (statement: string) => `  ${program} sql "${statement}"`;
  return [
    // The embedded server listens on this machine only, and its password is wanted by other tools.
    // Anybody else's stays where it is.
    `PostgreSQL runs and is migrated: ${isEmbedded(context) ? url : targetOf(url)}`,
    `pgtally serves on ${at}`,
    '',
    'Lines to try, in another terminal:',
    ...EXAMPLE.create.map(sql),
    `  curl -i ${at}/v1/counters/open_tasks`,
    `  curl -N '${at}/v1/stream?topic=open_tasks'    # and in a third one:`,
    ...EXAMPLE.write.map(sql),
    ...EXAMPLE.read.map(sql),
    `  ${program} doctor`,
    `  ${program} help`,
    '',
    ...(tokens.length > 0 ? [...tokens, ''] : []),
    'Ctrl-C stops the server.',
  ];
}

function farewell(context: Context): string[] {
  if (!isEmbedded(context)) return ['the server is stopped'];
  const end = `${context.program} stop`;
  return [`the server is stopped; the embedded PostgreSQL goes on running: ${end} ends it`];
}

function isEmbedded({ config }: Context): boolean {
  return config.databaseUrl === undefined;
}
