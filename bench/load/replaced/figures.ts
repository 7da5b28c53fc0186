import { atMost, type Figures, milliseconds, share } from '../../lib/figures.js';
import type { Compared } from './manner.js';
import type { Cost } from './measure.js';

const STALE_MS_MAX = 100;

export type Costs = { readonly compared: Compared; readonly costs: readonly Cost[] };

export function figuresOf(all: readonly Costs[], users: number): Figures {
  const ours = all.map(({ compared, costs }) => ({ compared, cost: ourOf(costs) }));
  return {
    header: [
      ...['application', 'manner', 'requests/s', 'queries/s', 'server', 'PostgreSQL'],
      ...['stale, p50', '**longest**', 'by design'],
    ],
    rows: all.flatMap(({ compared, costs }) =>
      costs.map((cost, index) => [index === 0 ? compared.application : '', ...cellsOf(cost)]),
    ),
    goals: ours.map(({ compared, cost: { manner, stale } }) => {
      const what = `${compared.application}: ours, longest, ms`;
      return atMost(what, manner.staleMsMax ?? STALE_MS_MAX, stale.longest);
    }),
    notes: [
      `${users} users. Coming, which is not in the figures, cost ours this many requests: ` +
        `${ours.map(({ compared: { name }, cost }) => `${name} ${cost.requestsAtStart}`).join(', ')}.`,
    ],
    inDocs: {
      header: [
        ...['application', 'replaced manner', 'its requests/s', 'queries/s'],
        ...['ours: requests/s', 'queries/s', 'its values are stale, p50 and longest', 'ours'],
      ],
      rows: all.flatMap(({ compared, costs }) => docsRowsOf(compared, costs)),
    },
  };
}

function docsRowsOf({ application }: Compared, costs: readonly Cost[]): string[][] {
  const our = ourOf(costs);
  return costs
    .filter(({ manner }) => !manner.isOurs)
    .map((cost) => [
      ...[application, cost.manner.name, share(cost.requests), share(cost.queries)],
      ...[share(our.requests), share(our.queries), staleText(cost), `**${staleText(our)}**`],
    ]);
}

function ourOf(costs: readonly Cost[]): Cost {
  const our = costs.find(({ manner }) => manner.isOurs);
  if (our === undefined) throw new Error('ours was not measured');
  return our;
}

function cellsOf(cost: Cost): string[] {
  const { manner, requests, queries, server, postgres } = cost;
  return [
    manner.isOurs ? `**${manner.name}**` : manner.name,
    ...[share(requests), share(queries), percent(server), percent(postgres)],
    time(cost.stale.p50, cost),
    `**${time(cost.stale.longest, cost)}**`,
    manner.bound,
  ];
}

function staleText(cost: Cost): string {
  return `${time(cost.stale.p50, cost)}, ${time(cost.stale.longest, cost)}`;
}

function time(ms: number, { seconds }: Cost): string {
  if (!Number.isFinite(ms)) return `not within ${Math.round(seconds)} s`;
  return ms < 1000 ? milliseconds(ms) : `${share(ms / 1000)} s`;
}

function percent(part: number): string {
  return `${share(part * 100)} %`;
}
