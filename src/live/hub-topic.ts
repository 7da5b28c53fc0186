import { Chunk, syncFrame, updateData, updateHead } from './frame.js';
import type { Kind } from './reading.js';
import type { Session } from './session.js';
import { type Topic, topicText } from './topic.js';

const NOTHING = Buffer.alloc(0);

/** One topic that somebody waits for: who, and its newest state, encoded once. */
export class HubTopic {
  readonly topic: Topic;
  readonly text: string;
  readonly sessions = new Set<Session>();
  kind: Kind = 'counter';
  /** The newest version the hub was told; what sessions read for themselves is not in it. */
  version = -1;
  #json: string | undefined;
  #data: Buffer = NOTHING;

  constructor(topic: Topic) {
    this.topic = topic;
    this.text = topicText(topic);
  }

  set(json: string, version: number): void {
    this.version = version;
    this.#json = json;
  }

  /** Encoded when it is first sent: what kind it is may be learned after its first change. */
  get data(): Buffer {
    if (this.#json !== undefined) {
      this.#data = updateData(this.text, this.kind, this.#json, this.version);
      this.#json = undefined;
    }
    return this.#data;
  }

  /** For everybody to whom nothing but this changed in this pulse. */
  alone(id: string, pulse: number): Chunk {
    return new Chunk([updateHead(id), this.data, syncFrame(id, pulse)]);
  }
}
