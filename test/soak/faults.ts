import { ofApplication } from '../helpers/proxy.js';
import { during, openTransaction, type Stage } from './stage.js';

/** One misfortune: it begins, lasts a little and is over when this returns, or stays for `heal`. */
export type Misfortune = { readonly name: string; befall(stage: Stage): Promise<void> };

const APPLICATIONS = ['pgtally-listener', 'pgtally-pulse', 'pgtally-work', 'pgtally'] as const;

const ENTRY = `insert into public.entries default values; insert into public.twins default values`;

async function terminate(stage: Stage, pattern: string): Promise<void> {
  await stage.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name like $1`,
    [pattern],
  );
}

export const sessionsEnded: Misfortune = {
  name: 'sessions of one kind ended',
  befall: (stage) => terminate(stage, stage.random.pick(APPLICATIONS)),
};

export const allSessionsEnded: Misfortune = {
  name: 'all sessions ended',
  befall: (stage) => terminate(stage, 'pgtally%'),
};

export const sessionsStandStill: Misfortune = {
  name: 'sessions of one kind stand still',
  befall: async (stage) => {
    // As on a machine that is busy with others: in the middle of whatever they do, and hold.
    const kind = stage.random.pick([...APPLICATIONS, 'mover']);
    const sessions = await stage.sql<{ pid: number }>(
      `select pid from pg_stat_activity
       where datname = current_database() and application_name = $1`,
      [kind],
    );
    for (const { pid } of sessions) signal(pid, 'SIGSTOP');
    try {
      await during(stage, 50, 800);
    } finally {
      for (const { pid } of sessions) signal(pid, 'SIGCONT');
    }
  },
};

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

export const oneKindInHole: Misfortune = {
  name: 'one kind of connection in a black hole',
  befall: async (stage) => {
    const chosen = ofApplication(stage.random.pick(APPLICATIONS));
    const connections = stage.database.connections(chosen);
    for (const connection of connections) connection.set({ hole: true });
    await during(stage, 30, 400);
    // Some never come back from there.
    const how = stage.random.pick(['pass', 'reset', 'end'] as const);
    for (const connection of connections) {
      if (how === 'pass') connection.set({});
      else connection.cut(how);
    }
  },
};

export const allInHole: Misfortune = {
  name: 'all connections in a black hole',
  befall: async (stage) => {
    stage.database.set({ hole: true });
    await during(stage, 30, 300);
    if (stage.random.chance(0.3)) stage.database.cut('reset');
    stage.database.set({});
  },
};

export const delayed: Misfortune = {
  name: 'one kind of connection delayed',
  befall: async (stage) => {
    const chosen = ofApplication(stage.random.pick(APPLICATIONS));
    stage.database.set({ delayMs: stage.random.between(5, 80) }, chosen);
    await during(stage, 50, 300);
    stage.database.set({}, chosen);
  },
};

export const cut: Misfortune = {
  name: 'connections cut',
  befall: async (stage) => {
    const how = stage.random.pick(['reset', 'end'] as const);
    const chosen = stage.random.chance(0.3)
      ? () => true
      : ofApplication(stage.random.pick(APPLICATIONS));
    stage.database.cut(how, chosen);
  },
};

export const unreachable: Misfortune = {
  name: 'PostgreSQL unreachable',
  befall: async (stage) => {
    stage.database.refuse(true);
    stage.database.cut('reset');
    await during(stage, 20, 400);
    stage.database.refuse(false);
  },
};

export const clientsDropped: Misfortune = {
  name: 'clients dropped',
  befall: async (stage) => {
    for (const { front } of stage.servers) {
      front.cut(stage.random.pick(['reset', 'end'] as const), () => stage.random.chance(0.6));
    }
  },
};

export const clientsSlow: Misfortune = {
  name: 'clients that read slowly',
  befall: async (stage) => {
    for (const { front } of stage.servers) {
      front.set({ bytesPerSecond: stage.random.between(2000, 50_000) });
    }
    await during(stage, 50, 300);
    for (const { front } of stage.servers) front.set({});
  },
};

export const clientStopped: Misfortune = {
  name: 'a client that stops reading',
  befall: async (stage) => {
    const client = stage.clients[stage.random.between(0, stage.clients.length - 1)];
    client?.pause();
    await during(stage, 20, 200);
    if (stage.random.chance(0.7)) client?.resume();
  },
};

export const longTransaction: Misfortune = {
  name: 'a transaction that stays open',
  befall: async (stage) => {
    await openTransaction(stage, ENTRY);
  },
};

export const transactionEnded: Misfortune = {
  name: 'an open transaction committed or rolled back',
  befall: async (stage) => {
    const [client] = stage.open;
    if (client === undefined) return;
    stage.open.delete(client);
    await client.query(stage.random.pick(['commit', 'rollback'])).catch(() => undefined);
    await client.end().catch(() => undefined);
  },
};

export const slowPulse: Misfortune = {
  name: 'a slow pulse of somebody else',
  befall: async (stage) => {
    const client = await openTransaction(stage, 'select tally.pulse()');
    await during(stage, 10, 150);
    if (client === undefined) return;
    stage.open.delete(client);
    await client.query(stage.random.pick(['commit', 'commit', 'rollback'])).catch(() => undefined);
    await client.end().catch(() => undefined);
  },
};

export const care: Misfortune = {
  name: 'a DBA looks after it',
  befall: async (stage) => {
    const statement = stage.random.pick([
      'call tally.tick()',
      `select tally.repair('entries')`,
      'select tally.verify()',
      'update tally.settings set doorbell = not doorbell',
      'vacuum tally.deltas',
      `create table if not exists public.beside (id int);
       select tally.create_counter('beside', 'public.beside')`,
    ]);
    await stage.sql(statement).catch(() => undefined);
  },
};

export const serverReplaced: Misfortune = {
  name: 'a server stopped and started',
  befall: async (stage) => {
    const place = stage.random.between(0, stage.servers.length - 1);
    const served = stage.servers[place];
    if (served?.live === undefined) return;
    const { live } = served;
    served.live = undefined;
    await live.stop();
    await during(stage, 0, 150);
    await stage.startServer(place);
  },
};

export const quiet: Misfortune = {
  name: 'nothing, for a moment',
  befall: (stage) => during(stage, 50, 400),
};

export const clusterRestarted: Misfortune = {
  name: 'PostgreSQL stopped and started',
  befall: async (stage) => {
    await stage.cluster?.stop();
    await during(stage, 0, 300);
    await stage.cluster?.start();
  },
};

export const clusterKilled: Misfortune = {
  name: 'PostgreSQL killed',
  befall: async (stage) => {
    await stage.cluster?.kill();
    await during(stage, 0, 100);
    await stage.cluster?.start();
  },
};
