import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { digits } from '../kit/digits.js';
import { text } from '../kit/text.js';
import { write } from '../kit/write.js';
import { givenId, moment, numbered, person, tag } from './shapes.js';

/** Investors, and those who ask to meet them. */

const DOLLARS_MAX = 1_000_000_000_000;

export const investorType = z.enum(['individual', 'organization']);
export const sector = text.min(1).max(50);
export const dollars = digits({ least: 0, most: DOLLARS_MAX });
const check = z.int().min(0).max(DOLLARS_MAX);
const entry = z.object({
  type: investorType,
  name: text.min(1).max(200),
  company: text.max(200).default(''),
  bio: text.max(4_000).default(''),
  sectors: z.array(sector).max(20).default([]),
  minCheck: check.meta({ description: 'The smallest cheque, in dollars.' }),
  maxCheck: check.meta({ description: 'The largest cheque, in dollars.' }),
});
export const investor = entry
  .extend({ id: z.guid().meta({ description: "The user's, where there is one." }) })
  .meta({ id: 'Investor', description: 'An entry of the directory.' });
export const introRequest = z
  .object({
    id: z.int(),
    requester: person,
    investor: person,
    projectId: z.int().nullable(),
    message: z.string(),
    status: z.enum(['pending', 'accepted', 'declined']),
    createdAt: moment,
  })
  .meta({ id: 'IntroRequest', description: 'Somebody asks an investor to meet.' });

export const investorWrites: readonly AppRoute[] = [
  write({
    ...{ id: 'put-investor', method: 'put', path: '/api/investors/me', tag },
    summary: 'Your entry in the directory of investors, whole',
    may: 'signed-in',
    body: z.strictObject(entry.shape).refine(({ minCheck, maxCheck }) => minCheck <= maxCheck, {
      message: 'is less than minCheck',
      path: ['maxCheck'],
    }),
    answer: investor,
    call: 'community.put_investor(p_me => $1, p_roles => $2, p_entry => $3)',
    values: ({ me, roles, body }) => [me, roles, JSON.stringify(body)],
  }),
  write({
    ...{ id: 'ask-for-intro', method: 'post', path: '/api/intro-requests', tag },
    summary: 'Ask an investor to meet; once, until there is an answer',
    may: 'signed-in',
    body: z.strictObject({
      investorId: z.guid(),
      projectId: givenId.optional(),
      message: text.min(1).max(2_000),
    }),
    status: 201,
    answer: introRequest,
    problems: ['conflict'],
    call: `community.ask_for_intro(
      p_me => $1, p_investor => $2, p_project => $3, p_message => $4)`,
    values: ({ me, body }) => [me, body.investorId, body.projectId, body.message],
  }),
  write({
    ...{ id: 'accept-intro', method: 'post', path: '/api/intro-requests/{id}/accept', tag },
    summary: 'Meet who asked',
    may: 'signed-in',
    inPath: numbered,
    answer: introRequest,
    problems: ['conflict'],
    call: "community.decide_intro(p_me => $1, p_roles => $2, p_intro => $3, p_status => 'accepted')",
    values: ({ me, roles, path }) => [me, roles, path.id],
  }),
  write({
    ...{ id: 'decline-intro', method: 'post', path: '/api/intro-requests/{id}/decline', tag },
    summary: 'Do not meet who asked',
    may: 'signed-in',
    inPath: numbered,
    answer: introRequest,
    problems: ['conflict'],
    call: "community.decide_intro(p_me => $1, p_roles => $2, p_intro => $3, p_status => 'declined')",
    values: ({ me, roles, path }) => [me, roles, path.id],
  }),
];
