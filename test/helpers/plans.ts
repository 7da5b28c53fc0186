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
  /** Those of these tables that were read from end to end, with the statement. */
  scans(tables: ReadonlySet<string>): string[];
  /** Indexes that were used. */
  readonly indexes: ReadonlySet<string>;
};

/** Plans are made for the values of one time, and kept for all values; both shall do. */
const MODES = ['force_custom_plan', 'force_generic_plan'];

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
    for (const mode of MODES) {
      await client.query(`begin; set local plan_cache_mode = ${mode}`);
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
    scans: (tables) => {
      const scans = nodes
        .filter(({ node }) => node['Node Type'] === 'Seq Scan')
        .map(({ node, one }) => [`${node.Schema}.${node['Relation Name']}`, one] as const)
        .filter(([table]) => tables.has(table))
        .map(([table, one]) => `${table}: ${one['Query Text']}`);
      return [...new Set(scans)];
    },
  };
}

function nodesOf(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
