import { z } from 'zod';
import { rowId } from '../kit/digits.js';
import { text } from '../kit/text.js';

/** What the routes of the community have in common. */

export const tag = 'community';

/** In a body, where numbers are numbers. */
export const givenId = z.int().positive();
export const numbered = z.object({ id: rowId });
export const ofUser = z.object({ id: z.guid().meta({ description: 'The user.' }) });

/** A number of a counter; null in the moments in which that cannot be shown. */
export const count = z.int().nullable();
export const moment = z.iso.datetime();
export const title = text.min(1).max(200);
export const longText = text.max(10_000);
export const said = text.min(1).max(4_000);

export const person = z
  .object({ id: z.guid(), name: z.string() })
  .meta({ id: 'Person', description: 'Somebody, as lists name him.' });

export const projectCard = z
  .object({
    id: z.int(),
    title: z.string(),
    summary: z.string().meta({ description: 'The first 300 characters of the description.' }),
    owner: person,
    createdAt: moment,
    votes: count,
    comments: count,
    badges: count,
  })
  .meta({ id: 'ProjectCard', description: 'A project, as lists show it.' });

export const chainCard = z
  .object({
    id: z.int(),
    title: z.string(),
    summary: z.string(),
    owner: person,
    createdAt: moment,
    projects: count,
    followers: count,
    posts: count,
  })
  .meta({ id: 'ChainCard', description: 'A chain, as lists show it.' });

export const remark = z
  .object({ id: z.int(), author: person, body: z.string(), createdAt: moment })
  .meta({ id: 'Remark', description: 'A comment on a project, or a post in a chain.' });
