import type pg from 'pg';

/** How statements were run, those inside of functions and of foreign keys too. */

type Node = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Node[];
};

type Ran = { readonly 'Query Text': string; readonly Plan: Node };

export type Plans = {
  /** Tables that were read from end to end and are larger than that, with the statement. */
  scans(bytes: number): Promise<string[]>;
  /** Indexes that were used. */
  readonly indexes: ReadonlySet<string>;
};

/** A plan that is kept for all values is made from the sixth time on. */
const TIMES = 7;

let asked = 0;

/** The EXPLAIN of each statement that one statement led to, as auto_explain tells it. */
export async function plansOf(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<Plans> {
  const ran: Ran[] = [];
  asked += 1;
  const name = `plans_${asked}`;
  const listen = ({ message = '' }: { message?: string | undefined }) => {
    const json = /^duration: .* plan:\s*(\{.*\})\s*$/s.exec(message)?.[1];
    if (json !== undefined) ran.push(JSON.parse(json) as Ran);
  };
  client.on('notice', listen);
  try {
    await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0;
      set auto_explain.log_nested_statements = on; set auto_explain.log_format = json;
      set auto_explain.log_verbose = on; set client_min_messages = log`);
    for (let time = 0; time < TIMES; time += 1) {
      await client.query('begin');
      await client.query({ name, text, values: [...values] });
      await client.query('rollback');
    }
    await client.query('reset client_min_messages; set auto_explain.log_min_duration = -1');
  } finally {
    client.off('notice', listen);
  }
  if (!ran.some((one) => one['Query Text'] === text)) {
    throw new Error(`auto_explain said nothing of ${text}`);
  }
  const nodes = ran.flatMap((one) => nodesOf(one.Plan).map((node) => ({ node, one })));
  return {
    indexes: new Set(nodes.flatMap(({ node }) => node['Index Name'] ?? [])),
    scans: async (bytes) => {
      const scans = nodes.filter(({ node }) => node['Node Type'] === 'Seq Scan');
      const found = new Set<string>();
      for (const { node, one } of scans) {
        const table = `${node.Schema}.${node['Relation Name']}`;
        const { rows } = await client.query<{ size: string }>(
          'select pg_relation_size(to_regclass($1)) as size',
          [table],
        );
        if (Number(rows[0]?.size) > bytes) found.add(`${table}: ${one['Query Text']}`);
      }
      return [...found];
    },
  };
}

function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
