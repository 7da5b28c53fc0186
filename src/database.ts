import pg from 'pg';
import { ConnectionError, codeOf, messageOf, UserError } from './errors.js';

/** A server that takes longer to let a client in, or for what takes no time, is as good as away. */
const AWAY_MS = 10_000;

/** What pg says when a query's time is over. */
export const NO_ANSWER = 'Query read timeout';

/** host:port/database, for messages: whatever is printed, a password never is. */
export function targetOf(url: string): string {
  const { hostname, port, pathname, searchParams } = parseUrl(url);
  const host = searchParams.get('host') ?? (hostname === '' ? 'localhost' : hostname);
  const database = decodeURIComponent(pathname.slice(1));
  const named = database === '' ? decodeURIComponent(parseUrl(url).username) : database;
  return `${decodeURIComponent(host)}:${port === '' ? '5432' : port}/${named}`;
}

/** A query that takes no time: it fails where it is swallowed, also on a session that has no limit. */
export function atOnce(text: string, values: readonly unknown[] = []): pg.QueryConfig {
  const timeLimit = { query_timeout: AWAY_MS };
  return { text, values: [...values], ...timeLimit };
}

export type ConnectOptions = {
  /** A query without an answer for so long fails. Without it, it may take forever. */
  answerMs?: number;
};

/** Opens one session. The caller ends it; `withClient` does so by itself. */
export async function connect(
  url: string,
  application: string,
  options: ConnectOptions = {},
): Promise<pg.Client> {
  const target = targetOf(url);
  const client = newClient(url, application, target, options);
  // A session that dies between two queries emits an error that nobody awaits. Without a listener
  // Node ends the process; with one, the next query fails and its caller hears of it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // A database may have another default, and the pulse must look after it has its lock.
    await client.query(atOnce(`set default_transaction_isolation = 'read committed'`));
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionError(error, target, url);
  }
  return client;
}

export async function withClient<T>(
  url: string,
  application: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(url, application);
  try {
    return await work(client);
  } catch (error) {
    if (messageOf(error) === NO_ANSWER) throw connectionError(error, targetOf(url), url);
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The process number that the client was told; undefined before it is connected. */
export function backendPid(client: pg.Client): unknown {
  return 'processID' in client ? client.processID : undefined;
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'postgres:' || parsed?.protocol === 'postgresql:') return parsed;
  throw new UserError('the database URL cannot be read', {
    hint: 'it looks like postgres://user:password@host:5432/database (a password with : / ? # or @ is percent-encoded)',
  });
}

function newClient(
  url: string,
  application: string,
  target: string,
  { answerMs }: ConnectOptions,
): pg.Client {
  try {
    return new pg.Client({
      connectionString: url,
      application_name: application,
      connectionTimeoutMillis: AWAY_MS,
      keepAlive: true,
      ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
    });
  } catch (error) {
    // pg reads the certificate files that the URL names while it is being built.
    throw new ConnectionError(`cannot connect to ${target}: ${messageOf(error)}`, {
      hint: 'check the sslmode, sslrootcert, sslcert and sslkey in the database URL',
      cause: error,
    });
  }
}

function connectionError(error: unknown, target: string, url: string): ConnectionError {
  const user = decodeURIComponent(parseUrl(url).username);
  const [why, hint] = explain(error, user === '' ? 'the user' : `user ${user}`);
  return new ConnectionError(`cannot connect to ${target}: ${why}`, { hint, cause: error });
}

function explain(error: unknown, user: string): [why: string, hint: string] {
  const code = codeOf(error);
  const message = messageOf(error);
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return ['nothing listens there', 'start PostgreSQL, or check host and port in DATABASE_URL'];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ['no such host', 'check the host name in DATABASE_URL'];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return ['the host cannot be reached', 'check the host in DATABASE_URL, network and firewall'];
    case '28P01':
    case '28000':
      return [`${user} is not let in (${message})`, 'check user and password, and pg_hba.conf'];
    case '3D000':
      return ['the database does not exist', 'create it first: create database …'];
    case '42501':
      return [`${user} may not connect (${message})`, 'grant connect on the database to that user'];
    case '53300':
      return [message, 'close sessions that are not needed, or raise max_connections'];
    case '57P03':
      return [message, 'the server is starting or stopping: try again in a moment'];
    default:
      return explainByText(message, code, user);
  }
}

function explainByText(message: string, code: string, user: string): [why: string, hint: string] {
  if (/timeout/i.test(message)) {
    return [
      `no answer within ${AWAY_MS / 1000} s`,
      'check the host and port in DATABASE_URL, network and firewall',
    ];
  }
  if (/SASL|password must be a string/i.test(message)) {
    return [`${user} needs a password`, 'put it into DATABASE_URL, or set PGPASSWORD'];
  }
  if (/SSL|TLS|CERT|EPROTO|certificate/i.test(`${code} ${message}`)) {
    return [
      `no secure connection (${message})`,
      'sslmode=disable where the server has no TLS; sslrootcert=FILE, or sslmode=no-verify, where its certificate is private',
    ];
  }
  return [message, 'check DATABASE_URL and the log of the server'];
}
