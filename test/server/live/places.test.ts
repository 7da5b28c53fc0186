import test from 'ava';
import { Places } from '../../../src/live/places.js';

test('who comes when all places are taken gets one in the order of coming', async (t) => {
  const places = new Places(2);
  t.true(await places.take());
  t.true(await places.take());
  const order: string[] = [];
  const third = places.take().then(() => order.push('third'));
  const fourth = places.take(10_000).then(() => order.push('fourth'));
  places.leave();
  await third;
  places.leave();
  await fourth;
  t.deepEqual(order, ['third', 'fourth']);
});

test('who has waited long enough has no place, and takes none from who comes after', async (t) => {
  const places = new Places(1);
  await places.take();
  t.false(await places.take(1));
  const next = places.take(10_000);
  places.leave();
  t.true(await next);
  places.leave();
  t.true(await places.take(1));
});
