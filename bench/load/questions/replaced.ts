import { readFile } from 'node:fs/promises';
import { checkExact, untilFolded } from '../../lib/database.js';
import { atMost, type Figures, milliseconds, share } from '../../lib/figures.js';
import { withApplications } from '../lib/applications.js';
import type { Question } from '../question.js';
import { badges } from '../replaced/badges.js';
import { calls } from '../replaced/calls.js';
import { community } from '../replaced/community.js';
import { facilities } from '../replaced/facilities.js';
import type { Compared } from '../replaced/manner.js';
import { type Cost, measureManner } from '../replaced/measure.js';
import { messages } from '../replaced/messages.js';

const TABLES = new URL('../replaced/', import.meta.url);
const ALL: readonly Compared[] = [badges, calls, messages, community, facilities];
const STALE_MS = 100;

type Costs = { readonly compared: Compared; readonly costs: readonly Cost[] };

export const replaced: Question = {
  name: 'load-replaced',
  asks: 'What do a thousand users cost in the replaced manner and in ours, and how stale are they?',
  rounds: 1,
  answer: async (load) =>
    await withApplications(load, async (applications) => {
      const { database } = applications;
      await database.sql('create schema replaced');
      const all: Costs[] = [];
      for (const compared of ALL) {
        await database.client.query(
          await readFile(new URL(`${compared.tables}.sql`, TABLES), 'utf8'),
        );
        await database.sql('vacuum analyze');
        load.log(compared.application);
        const costs: Cost[] = [];
        for (const manner of compared.manners) {
          costs.push(await measureManner(manner, applications, load));
        }
        all.push({ compared, costs });
      }
      await database.sql('call tally.tick()');
      await untilFolded(database);
      await checkExact(database);
      return figuresOf(all, applications.people.length);
    }),
};

function figuresOf(all: readonly Costs[], users: number): Figures {
  return {
    header: [
      ...['application', 'manner', 'requests/s', 'queries/s', 'server', 'PostgreSQL'],
      ...['stale, p50', 'longest', 'by design'],
    ],
    rows: all.flatMap(({ compared, costs }) =>
      costs.map((cost, index) => [index === 0 ? compared.application : '', ...cellsOf(cost)]),
    ),
    goals: all.flatMap(({ compared, costs }) =>
      costs
        .filter(({ manner }) => manner.isOurs)
        .map(({ stale }) =>
          atMost(`${compared.application}: longest, ms`, STALE_MS, stale.longest),
        ),
    ),
    notes: [
      `${users} users. At their start, before what is measured, ours asked: ` +
        `${all
          .map(({ compared, costs }) => {
            const our = costs.find(({ manner }) => manner.isOurs);
            return `${compared.application}, ${our?.requestsAtStart ?? 0} requests`;
          })
          .join('; ')}.`,
    ],
  };
}

function cellsOf({ manner, requests, queries, server, postgres, stale, seconds }: Cost): string[] {
  return [
    manner.isOurs ? `**${manner.name}**` : manner.name,
    share(requests),
    share(queries),
    percent(server),
    percent(postgres),
    time(stale.p50, seconds),
    `**${time(stale.longest, seconds)}**`,
    manner.bound,
  ];
}

function percent(part: number): string {
  return `${share(part * 100)} %`;
}

function time(ms: number, seconds: number): string {
  if (!Number.isFinite(ms)) return `not within ${Math.round(seconds)} s`;
  return ms < 1000 ? milliseconds(ms) : `${share(ms / 1000)} s`;
}
