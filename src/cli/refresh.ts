import { call } from './care.js';
import { EXIT, type Verb } from './verb.js';

export const refresh: Verb = {
  name: 'refresh',
  usage: '[NAME] [SCOPE]',
  summary: 'build documents anew: one, all of a summary, or all there are: tally.refresh()',
  positionalsMax: 2,
  run: async (context) => {
    const [name = null, scope = null] = context.positionals;
    const done = await call(context, 'refresh', 'select tally.refresh($1, $2)', [name, scope]);
    const built = Number(done.rows[0]?.[0] ?? 0);
    context.say(`${built} ${built === 1 ? 'document' : 'documents'} built`);
    // Those that failed were named as warnings.
    return done.warnings > 0 ? EXIT.failedCheck : EXIT.ok;
  },
};
