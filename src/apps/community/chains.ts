import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { rowId } from '../kit/digits.js';
import { write } from '../kit/write.js';
import { chainCard, count, longText, numbered, remark, said, tag, title } from './shapes.js';

/** Chains of projects: what is in them, who follows them, what is said there. */

const memberPath = numbered.extend({ projectId: rowId });
const followed = z
  .object({ id: z.int(), following: z.boolean(), followers: count })
  .meta({ id: 'ChainFollow', description: 'Whether you follow it, and how many do.' });

export const chainWrites: readonly AppRoute[] = [
  write({
    ...{ id: 'create-chain', method: 'post', path: '/api/chains', tag },
    summary: 'Begin a chain',
    may: 'signed-in',
    body: z.strictObject({ title, description: longText.optional() }),
    status: 201,
    answer: chainCard,
    call: 'community.create_chain(p_me => $1, p_title => $2, p_description => $3)',
    values: ({ me, body }) => [me, body.title, body.description],
  }),
  write({
    ...{ id: 'put-in-chain', method: 'put', path: '/api/chains/{id}/projects/{projectId}', tag },
    summary: 'Put a project into a chain: where either is yours',
    may: 'signed-in',
    inPath: memberPath,
    answer: chainCard,
    call: `community.put_in_chain(
      p_me => $1, p_roles => $2, p_chain => $3, p_project => $4, p_wanted => true)`,
    values: ({ me, roles, path }) => [me, roles, path.id, path.projectId],
  }),
  write({
    ...{ id: 'take-from-chain', tag },
    ...{ method: 'delete', path: '/api/chains/{id}/projects/{projectId}' },
    summary: 'Take a project out of a chain: where either is yours',
    may: 'signed-in',
    inPath: memberPath,
    answer: chainCard,
    call: `community.put_in_chain(
      p_me => $1, p_roles => $2, p_chain => $3, p_project => $4, p_wanted => false)`,
    values: ({ me, roles, path }) => [me, roles, path.id, path.projectId],
  }),
  write({
    ...{ id: 'follow-chain', method: 'put', path: '/api/chains/{id}/follow', tag },
    summary: 'Follow a chain; twice is once',
    may: 'signed-in',
    inPath: numbered,
    answer: followed,
    call: 'community.follow_chain(p_me => $1, p_chain => $2, p_wanted => true)',
    values: ({ me, path }) => [me, path.id],
  }),
  write({
    ...{ id: 'leave-chain', method: 'delete', path: '/api/chains/{id}/follow', tag },
    summary: 'Follow a chain no longer',
    may: 'signed-in',
    inPath: numbered,
    answer: followed,
    call: 'community.follow_chain(p_me => $1, p_chain => $2, p_wanted => false)',
    values: ({ me, path }) => [me, path.id],
  }),
  write({
    ...{ id: 'post-in-chain', method: 'post', path: '/api/chains/{id}/posts', tag },
    summary: 'Write in a chain that you follow, or own',
    may: 'signed-in',
    inPath: numbered,
    body: z.strictObject({ body: said }),
    status: 201,
    answer: remark,
    call: 'community.post_in_chain(p_me => $1, p_chain => $2, p_body => $3)',
    values: ({ me, path, body }) => [me, path.id, body.body],
  }),
];
