import type pg from 'pg';
import { z } from 'zod';
import { connect } from '../../../../src/database.js';
import { until } from '../../../helpers/wait.js';
import type { Figures } from './figures.js';

const PAYLOAD_BYTES_MAX = 7999;

const payloadSchema = z.object({
  pulse: z.number().int(),
  part: z.number().int(),
  parts: z.number().int(),
  // Without a value: a number beyond bigint, which nobody shows any more.
  changes: z.array(
    z.union([
      z.tuple([z.string(), z.string(), z.union([z.number(), z.bigint()])]),
      z.tuple([z.string(), z.string()]),
    ]),
  ),
});

export type Announcements = {
  /** Ends when every pulse is heard; then compares what was heard with what the database shows. */
  compare(): Promise<void>;
  end(): Promise<void>;
};

type Heard = { pulse: number; part: number; parts: number; values: Map<string, string> };

/** A listener that knows nothing but what is announced. */
export async function listen(url: string, figures: Figures): Promise<Announcements> {
  const client = await connect(url, 'oracle listener');
  const heard: Heard = { pulse: 0, part: 0, parts: 0, values: new Map() };
  client.on('notification', ({ payload }) => {
    figures.announcements += 1;
    hear(heard, payload ?? '', (fault) => figures.faults.push(`announcement: ${fault}`));
  });
  await client.query('listen tally');
  return {
    compare: () => compare(client, heard, figures),
    end: () => client.end(),
  };
}

function hear(heard: Heard, payload: string, fault: (text: string) => void): void {
  if (Buffer.byteLength(payload) > PAYLOAD_BYTES_MAX) fault(`${payload.length} characters`);
  // Values may be beyond what a JavaScript number holds: kept as they are written.
  const exact = payload.replaceAll(/,(-?\d+)\]/g, ',"$1"]');
  const loose = payloadSchema.safeParse(JSON.parse(payload));
  if (!loose.success) {
    fault(`cannot be read: ${payload.slice(0, 200)}`);
    return;
  }
  const { pulse, part, parts } = loose.data;
  const follows = heard.part < heard.parts;
  if (
    follows ? pulse !== heard.pulse || part !== heard.part + 1 : pulse <= heard.pulse || part !== 1
  ) {
    fault(`pulse ${pulse} part ${part}/${parts} after ${heard.pulse} ${heard.part}/${heard.parts}`);
  }
  Object.assign(heard, { pulse, part, parts });
  const { changes } = JSON.parse(exact) as { changes: [string, string, string?][] };
  for (const [name, scope, value] of changes) {
    if (value === undefined) heard.values.delete(`${name}:${scope}`);
    else heard.values.set(`${name}:${scope}`, value);
  }
}

async function compare(client: pg.Client, heard: Heard, figures: Figures): Promise<void> {
  const last = await client.query<{ pulse: string }>(
    'select max(pulse) as pulse from tally.pulses',
  );
  const pulse = Number(last.rows[0]?.pulse);
  await until(() => heard.pulse === pulse && heard.part === heard.parts, {
    what: `the announcement of pulse ${pulse}`,
  });
  const shown = await client.query<{ topic: string; value: string }>(
    `select name || ':' || scope as topic, value::text as value from tally.counters`,
  );
  for (const { topic, value } of shown.rows) {
    const said = heard.values.get(topic);
    if (said !== value) {
      figures.differences += 1;
      figures.faults.push(`announced ${said ?? 'never'}, shown ${value}: ${topic.slice(0, 80)}`);
    }
    heard.values.delete(topic);
  }
  await reportGone(client, heard, figures);
}

/** What was announced and is shown no more: only a number beyond bigint may be that. */
async function reportGone(client: pg.Client, heard: Heard, figures: Figures): Promise<void> {
  const hidden = await client.query<{ topic: string }>(
    `select d.name || ':' || e.scope as topic
     from tally.exact e join tally.definitions d on d.id = e.counter
     where e.value not between -9223372036854775808 and 9223372036854775807`,
  );
  const excused = new Set(hidden.rows.map(({ topic }) => topic));
  for (const topic of heard.values.keys()) {
    if (!excused.has(topic)) figures.faults.push(`announced, but not shown: ${topic.slice(0, 80)}`);
  }
}
