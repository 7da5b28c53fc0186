import type { Viewer } from '../live/audience.js';
import type { NumberReading } from '../live/reader.js';
import type { Reading } from '../live/reading.js';
import { refusalOf } from '../live/refusal.js';
import { topicText } from '../live/topic.js';
import type { Conditional } from './answer.js';

/** A thousand readers of one number in one query have one answer. */
const answers = new WeakMap<Reading, Conditional>();

/** What is answered to whoever asks for one number; throws when he is to have none. */
export function answerOf({ history, reading }: NumberReading, viewer: Viewer | undefined) {
  // Judged when it is read: who may see it stands beside the value, and is of the same instant.
  const refusal = refusalOf([reading], viewer);
  if (refusal !== undefined) throw refusal;
  const known = answers.get(reading);
  if (known !== undefined) return known;
  const { json, version } = reading;
  // The value too: it may change before a pulse gives it another version.
  const etag = `"${history}.${version}.${json}"`;
  const answer = { etag, body: itemText(reading), isPublic: isPublic(reading) };
  answers.set(reading, answer);
  return answer;
}

export function isPublic({ audience }: Reading): boolean {
  return audience === 'public';
}

/** Put together as text: the value is passed on as PostgreSQL wrote it. */
export function itemText({ topic, kind, json, version }: Reading): string {
  const field = kind === 'summary' ? 'body' : 'value';
  return `{"topic":${JSON.stringify(topicText(topic))},"${field}":${json},"version":${version}}`;
}
