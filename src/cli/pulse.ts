import { databaseUrl, EXIT, type Verb } from './verb.js';

export const pulse: Verb = {
  name: 'pulse',
  usage: '',
  summary: 'keep folding and announcing until it is interrupted',
  run: async (context) => {
    const { tickMs, idleMs } = context.config;
    const url = await databaseUrl(context);
    // Listened for before there is anything to stop: a signal that comes early is not lost.
    const end = interrupted();
    const { runPulse } = await import('../live/pulse.js');
    const running = runPulse({
      url,
      tickMs,
      idleMs,
      log: (line) => context.note(line),
      onTurn: () => context.note('pgtally-pulse: this session pulses'),
    });
    await end;
    await running.stop();
    return EXIT.ok;
  },
};

async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
