import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { cursor, next } from '../kit/cursor.js';
import { digits } from '../kit/digits.js';
import { page } from '../kit/page.js';
import { text } from '../kit/text.js';
import { dollars, investor, investorType, sector } from './investors.js';
import { count, tag } from './shapes.js';

/** The directory of investors: who has the answer already costs no query. */

const PAGES_MAX = 50;

/** A form sends its empty fields too. */
const withoutEmpty = (all: unknown) =>
  Array.isArray(all) ? all.filter((text) => text !== '') : all;

export const directoryPages: readonly AppRoute[] = [
  page({
    ...{ id: 'investors', path: '/api/investors/public', tag },
    summary: 'Investors by type, sectors, cheques and words, in the order of their names',
    may: 'anybody',
    inQuery: z.object({
      type: investorType.optional(),
      sector: z
        .preprocess(withoutEmpty, z.array(sector).max(20))
        .meta({ description: 'Any of them.' }),
      min_check: dollars.optional(),
      max_check: dollars.optional(),
      q: text.min(1).max(200).optional(),
      page: digits({ least: 1, most: PAGES_MAX })
        .prefault(1)
        .meta({ description: `The first ${PAGES_MAX}; further on with \`after\`.` }),
      after: cursor,
    }),
    answer: z
      .object({ investors: z.array(investor), next })
      .meta({ id: 'DirectoryPage', description: '20 investors.' }),
    call: `community.directory(
      p_type => $1, p_sectors => $2, p_min => $3, p_max => $4, p_q => $5, p_page => $6, p_after => $7)`,
    values: ({ query }) => [
      ...[query.type, query.sector, query.min_check, query.max_check, query.q],
      ...[query.page, query.after],
    ],
    holdsWhile: 'community_directory',
  }),
  page({
    ...{ id: 'investor-stats', path: '/api/investors/stats', tag },
    summary: 'How many investors there are, by type and by sector',
    may: 'anybody',
    answer: z
      .object({
        investors: count,
        byType: z.object({ individual: count, organization: count }),
        bySector: z.array(z.object({ sector: z.string(), investors: z.int() })),
      })
      .meta({ id: 'InvestorStats', description: 'The directory in numbers.' }),
    call: 'community.investor_numbers()',
    values: () => [],
  }),
];
