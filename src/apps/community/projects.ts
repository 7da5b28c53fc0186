import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { text } from '../kit/text.js';
import { write } from '../kit/write.js';
import { count, longText, numbered, projectCard, remark, said, tag, title } from './shapes.js';

/** Projects, and what people say of them: votes, comments, badges. */

const vote = z
  .object({ id: z.int(), voted: z.boolean(), votes: count })
  .meta({ id: 'Vote', description: 'Whether you vote for it, and how many do.' });

export const projectWrites: readonly AppRoute[] = [
  write({
    ...{ id: 'create-project', method: 'post', path: '/api/projects', tag },
    summary: 'Show a project of yours',
    may: 'signed-in',
    body: z.strictObject({ title, description: longText.optional() }),
    status: 201,
    answer: projectCard,
    call: 'community.create_project(p_me => $1, p_title => $2, p_description => $3)',
    values: ({ me, body }) => [me, body.title, body.description],
  }),
  write({
    ...{ id: 'change-project', method: 'patch', path: '/api/projects/{id}', tag },
    summary: 'Rewrite your project; what is not sent stays',
    may: 'signed-in',
    inPath: numbered,
    body: z.strictObject({ title: title.optional(), description: longText.optional() }),
    answer: projectCard,
    call: `community.change_project(
      p_me => $1, p_roles => $2, p_project => $3, p_title => $4, p_description => $5)`,
    values: ({ me, roles, path, body }) => [me, roles, path.id, body.title, body.description],
  }),
  write({
    ...{ id: 'delete-project', method: 'delete', path: '/api/projects/{id}', tag },
    summary: 'Delete your project, with all that belongs to it',
    may: 'signed-in',
    inPath: numbered,
    answer: z.object({ id: z.int(), deleted: z.boolean() }),
    call: 'community.delete_project(p_me => $1, p_roles => $2, p_project => $3)',
    values: ({ me, roles, path }) => [me, roles, path.id],
  }),
  write({
    ...{ id: 'vote', method: 'put', path: '/api/projects/{id}/vote', tag },
    summary: 'Vote for a project; twice is once',
    may: 'signed-in',
    inPath: numbered,
    answer: vote,
    call: 'community.vote(p_me => $1, p_project => $2, p_wanted => true)',
    values: ({ me, path }) => [me, path.id],
  }),
  write({
    ...{ id: 'take-vote-back', method: 'delete', path: '/api/projects/{id}/vote', tag },
    summary: 'Take your vote back',
    may: 'signed-in',
    inPath: numbered,
    answer: vote,
    call: 'community.vote(p_me => $1, p_project => $2, p_wanted => false)',
    values: ({ me, path }) => [me, path.id],
  }),
  write({
    ...{ id: 'comment', method: 'post', path: '/api/projects/{id}/comments', tag },
    summary: 'Say something about a project',
    may: 'signed-in',
    inPath: numbered,
    body: z.strictObject({ body: said }),
    status: 201,
    answer: remark,
    call: 'community.comment(p_me => $1, p_project => $2, p_body => $3)',
    values: ({ me, path, body }) => [me, path.id, body.body],
  }),
  write({
    ...{ id: 'award-badge', method: 'put', path: '/api/projects/{id}/badge', tag },
    summary: 'Vouch for a project; again changes the note',
    may: 'role:validator',
    inPath: numbered,
    body: z.strictObject({ note: text.max(500).optional() }),
    answer: z.object({ id: z.int(), badges: count }),
    call: 'community.award_badge(p_me => $1, p_project => $2, p_note => $3)',
    values: ({ me, path, body }) => [me, path.id, body.note],
  }),
];
