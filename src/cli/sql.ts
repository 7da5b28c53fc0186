import { text } from 'node:stream/consumers';
import type pg from 'pg';
import { UserError } from '../errors.js';
import { describeSqlError, isSqlError } from '../sql-error.js';
import { type Cell, queryText, renderExpanded, renderTable, rowsOf } from './table.js';
import { type Context, EXIT, onDatabase, type Verb } from './verb.js';

export const sql: Verb = {
  name: 'sql',
  usage: "'STATEMENT; …' | -  [-x]",
  summary: 'run SQL and print what it returns; -: from stdin',
  flags: { expanded: { short: 'x', says: 'a line for each column' } },
  positionalsMax: 1,
  run: async (context) => {
    const statement = await statementOf(context);
    return await onDatabase(context, 'sql', async (client) => {
      for (const result of await ask(client, statement)) printResult(context, result);
      return EXIT.ok;
    });
  },
};

async function statementOf(context: Context): Promise<string> {
  const [given] = context.positionals;
  const statement = given === '-' ? await text(process.stdin) : given;
  if (statement !== undefined && statement.trim() !== '') return statement;
  throw new UserError('there is no SQL to run', {
    hint: `${context.program} sql 'select * from tally.counters', or - to read it from stdin`,
  });
}

async function ask(client: pg.Client, statement: string): Promise<pg.QueryArrayResult<Cell[]>[]> {
  try {
    return await queryText(client, statement);
  } catch (error) {
    if (!isSqlError(error)) throw error;
    throw new UserError(describeSqlError(error, statement), { cause: error });
  }
}

function printResult(context: Context, result: pg.QueryArrayResult<Cell[]>): void {
  // An empty statement, such as what follows the last semicolon, has no command.
  if (result.fields.length === 0 && result.rows.length === 0) {
    if (result.command) context.say([result.command, result.rowCount ?? ''].join(' ').trim());
    return;
  }
  const render = context.flags.has('expanded') ? renderExpanded : renderTable;
  for (const line of render(rowsOf(result))) context.say(line);
}
