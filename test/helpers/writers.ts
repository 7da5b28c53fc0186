import type { TestDatabase } from './database.js';
import { type Sql, sqlOf } from './engine.js';

export type Writers = {
  readonly statements: () => number;
  /** Ends them, and throws what any of them failed with. */
  stop(): Promise<void>;
};

/** Sessions that write without a pause until they are stopped. */
export async function startWriters(
  db: Pick<TestDatabase, 'client'>,
  sessions: number,
  write: (sql: Sql, round: number, session: number) => Promise<unknown>,
): Promise<Writers> {
  let going = true;
  let statements = 0;
  const clients = await Promise.all(
    Array.from({ length: sessions }, (_, session) => db.client(`writer ${session}`)),
  );
  const work = clients.map(async (client, session) => {
    const sql = sqlOf(client);
    const counted: Sql = async (text, values) => {
      const rows = await sql(text, values);
      statements += 1;
      return rows as never;
    };
    for (let round = 0; going; round += 1) await write(counted, round, session);
  });
  const ended = Promise.allSettled(work);
  return {
    statements: () => statements,
    stop: async () => {
      going = false;
      for (const result of await ended) if (result.status === 'rejected') throw result.reason;
    },
  };
}
