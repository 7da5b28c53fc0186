import { withLocalSecrets } from '../demo/secrets.js';
import { UserError } from '../errors.js';
import { interrupted } from './serve.js';
import { type Context, EXIT, onDatabase, type Verb } from './verb.js';

/** No application's tables are there, or they are in use. */
const SAID = {
  loaded: 'the demo is loaded',
  'not empty': 'nothing to do: there are users already, and the demo never mixes with them',
  'no applications':
    'nothing to do: this database has not all applications (migrate without --engine-only)',
} as const;

export const demo: Verb = {
  name: 'demo',
  usage: '',
  summary: 'load believable data for all applications, where there is none; print tokens and lines',
  run: async (context) => {
    const { loadDemo } = await import('../demo/load.js');
    const { outcome } = await onDatabase(context, 'demo', (client) =>
      loadDemo(client, (line) => context.note(line)),
    );
    context.note(SAID[outcome]);
    for (const line of await tokenLines(context, addressOf(context))) context.say(line);
    return outcome === 'no applications' ? EXIT.error : EXIT.ok;
  },
};

/** None where tokens are somebody else's to sign. */
export async function tokenLines({ config }: Context, at: string): Promise<string[]> {
  const { jwtSecret, webhookSecret } = await withLocalSecrets(config);
  if (jwtSecret === undefined) return [];
  const { demoLines } = await import('../demo/lines.js');
  return await demoLines(at, { jwtSecret, webhookSecret });
}

export const traffic: Verb = {
  name: 'traffic',
  usage: '',
  summary: 'write a little all the time through the routes of the demo, until it is interrupted',
  run: async (context) => {
    const { jwtSecret, webhookSecret } = await withLocalSecrets(context.config);
    if (jwtSecret === undefined) {
      throw new UserError('traffic needs TALLY_JWT_SECRET, to sign the tokens of its users', {
        hint: 'set it to what the server has',
      });
    }
    const { createClient } = await import('../demo/client.js');
    const { makeTraffic } = await import('../demo/traffic.js');
    const at = addressOf(context);
    context.note(`writing to ${at} (HOST and PORT say where the server is); Ctrl-C ends it`);
    const stopping = new AbortController();
    const end = interrupted().then(() => stopping.abort());
    const client = createClient(at, { jwtSecret, webhookSecret });
    await makeTraffic({ client, signal: stopping.signal, say: (line) => context.say(line) });
    await end;
    return EXIT.ok;
  },
};

function addressOf({ config: { host, port } }: Context): string {
  const named = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
}
