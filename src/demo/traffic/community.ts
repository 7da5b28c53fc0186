import { PEOPLE } from '../people.js';
import type { Deed } from '../traffic.js';

const PEOPLE_MAX = 400;
const PROJECTS = 800;
const CHAINS = 60;

const vote: Deed = async (client, some) => {
  const user = await client.other(1 + some.below(PEOPLE_MAX));
  const project = 1 + some.below(PROJECTS);
  const { status } = await user.send('PUT', `/api/projects/${project}/vote`);
  return status === 200 ? `a vote for project ${project}` : undefined;
};

const comment: Deed = async (client, some) => {
  const user = await client.other(1 + some.below(PEOPLE_MAX));
  const project = 1 + some.below(PROJECTS);
  const body = { body: some.text() };
  const { status } = await user.send('POST', `/api/projects/${project}/comments`, body);
  return status === 201 ? `a comment on project ${project}` : undefined;
};

const show: Deed = async (client, some) => {
  const user = await client.other(1 + some.below(PEOPLE_MAX));
  const title = some.text();
  const { status, json } = await user.send('POST', '/api/projects', { title });
  return status === 201 ? `project ${json.id}: ${title}` : undefined;
};

const follow: Deed = async (client, some) => {
  const user = await client.other(1 + some.below(PEOPLE_MAX));
  const chain = 1 + some.below(CHAINS);
  const { status } = await user.send('PUT', `/api/chains/${chain}/follow`);
  return status === 200 ? `somebody follows chain ${chain}` : undefined;
};

const write: Deed = async (client, some) => {
  const user = await client.other(1 + some.below(PEOPLE_MAX));
  const body = { to: PEOPLE.user.id, body: some.text() };
  const { status } = await user.send('POST', '/api/direct-messages', body);
  return status === 201 ? 'somebody writes to Uma' : undefined;
};

export const community: readonly Deed[] = [vote, vote, comment, show, follow, write];
