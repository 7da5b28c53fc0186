import test from 'ava';
import { Assembler } from '../../../src/live/announcement.js';

const say = (pulse: number, part: number, parts: number, changes: unknown[]) =>
  JSON.stringify({ pulse, part, parts, changes });

test('the parts of a pulse become one announcement when the last is there, in any order', (t) => {
  const assembler = new Assembler();
  t.is(assembler.add(say(7, 2, 2, [['b', '42', -3]])), undefined);
  t.deepEqual(assembler.add(say(7, 1, 2, [['a', '', 5]])), {
    pulse: 7,
    changes: [
      { topic: { name: 'b', scope: '42' }, json: '-3' },
      { topic: { name: 'a', scope: '' }, json: '5' },
    ],
    isJoined: true,
  });
});

test('parts of a pulse that was cut short do not mix with the next', (t) => {
  const assembler = new Assembler();
  assembler.add(say(7, 1, 2, [['a', '', 5]]));
  t.is(assembler.add(say(8, 1, 2, [['a', '', 6]])), undefined);
  t.is(assembler.add(say(8, 2, 2, [['b', '', 1]]))?.changes.length, 2);
});

test('each first part is told, and one that does not go with those before it is a first one', (t) => {
  const begun: number[] = [];
  const assembler = new Assembler((pulse) => begun.push(pulse));
  assembler.add(say(7, 1, 1, []));
  t.is(assembler.add(say(8, 1, 2, [['forged', '', 1]])), undefined);
  t.deepEqual(assembler.add(say(8, 1, 1, [['a', '', 6]]))?.changes.length, 1);
  assembler.add(say(9, 2, 2, []));
  assembler.add(say(9, 2, 2, []));
  t.deepEqual(begun, [7, 8, 8, 9, 9]);
});

test('a summary, and a number that JSON would round, come without a value: they are read', (t) => {
  const changes = '[["s","week"],["a","",9007199254740993],["a","1",9007199254740991]]';
  const announced = new Assembler().add(`{"pulse":7,"part":1,"parts":1,"changes":${changes}}`);
  t.deepEqual(
    announced?.changes.map(({ json }) => json),
    [undefined, undefined, '9007199254740991'],
  );
});

test('what no pulse can have said is refused', (t) => {
  const assembler = new Assembler();
  for (const text of [
    '',
    'x',
    '{}',
    '{"pulse":0}',
    say(1, 1, 1, [['a']]),
    say(1, 1, 1, [[1, '']]),
  ]) {
    t.throws(() => assembler.add(text), undefined, text);
  }
});
