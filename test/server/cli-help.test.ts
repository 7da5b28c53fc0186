import { readFile } from 'node:fs/promises';
import test from 'ava';
import { findVerb, VERBS, verbHelpLines } from '../../src/cli/verbs.js';
import { UserError } from '../../src/errors.js';
import { cli } from '../helpers/cli.js';

/** No help needs settings, nor a database. */
const WRONG = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing', PORT: 'ninety' };

test('help lists every verb, and is what --help and nothing at all say too', async (t) => {
  const all = await cli(['help'], { env: WRONG });
  t.is(all.code, 0);
  for (const { name } of VERBS) t.regex(all.stdout, new RegExp(`^  ${name} `, 'm'));
  for (const args of [[], ['--help']]) t.deepEqual(await cli(args, { env: WRONG }), all);
});

test('each verb explains itself, its arguments and each of its options', async (t) => {
  const helps = VERBS.map((verb) => verbHelpLines(verb, 'pgtally').join('\n'));
  for (const [at, { name, usage, summary, flags = {} }] of VERBS.entries()) {
    const help = helps[at] ?? '';
    t.true(help.startsWith(`${`usage: pgtally ${name} ${usage}`.trim()}\n\n  ${summary}`));
    for (const flag of Object.keys(flags))
      t.regex(help, new RegExp(`^  --${flag}\\b.* \\w+ `, 'm'));
  }
  for (const args of [
    ['repair', '--help'],
    ['help', 'repair'],
    ['--help', 'repair'],
  ]) {
    const { code, stdout } = await cli(args, { env: WRONG });
    t.is(code, 0);
    t.regex(stdout, /usage: .* repair \[NAME\] \[--dry-run\]\n\n.*\n\n {2}--dry-run {2}say what/);
  }
  t.regex((await cli(['help', '--help'], { env: WRONG })).stdout, /^usage: .* help \[VERB\]\n/);
});

test('version and --version print the version of the package', async (t) => {
  const description = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
  for (const said of ['version', '--version']) {
    t.is((await cli([said], { env: WRONG })).stdout, `${description.version}\n`);
  }
});

const mistakes: [args: string[], said: RegExp][] = [
  [['verfy'], /error: there is no verb "verfy"\nhint: did you mean verify\?/],
  [['help', 'migrat'], /error: there is no verb "migrat"\nhint: did you mean migrate\?/],
  [['--dry-run', 'migrate'], /error: the verb comes first, and --dry-run after it\nhint: usage: /],
  [
    ['migrate', '--dryrun'],
    /error: migrate has no option --dryrun\nhint: did you mean --dry-run\? usage: .* migrate \[/,
  ],
  [['tick', '-z'], /error: tick has no option -z\nhint: usage: .* tick\n/],
  [['tick', 'twice'], /error: tick has no use for "twice"\nhint: usage: .* tick\n/],
  [['sql'], /error: there is no SQL to run/],
];
for (const [args, said] of mistakes) {
  test(`the command line “${args.join(' ')}” is refused with what would be right`, async (t) => {
    const env = { DATABASE_URL: WRONG.DATABASE_URL };
    const { code, stdout, stderr } = await cli(args, { env });
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, said);
    t.notRegex(stderr, / at .*\.ts:/);
  });
}

test('a verb that does not exist is answered with those like it', (t) => {
  const hintFor = (name: string) =>
    t.throws(() => findVerb(name, 'pgtally'), { instanceOf: UserError }).hint;
  t.is(hintFor('STATUS'), 'did you mean status?');
  t.is(hintFor('reapir'), 'did you mean repair?');
  t.is(hintFor('frobnicate'), 'pgtally help lists them');
});

test('a setting that is wrong stops a verb that uses settings, and is named', async (t) => {
  const { code, stderr } = await cli(['tick'], { env: WRONG });
  t.is(code, 1);
  t.regex(stderr, /^error: PORT must be a whole number from 0 to 65535; it is "ninety"\nhint: /);
});
