import { startEmbedded } from '../../../src/embedded.js';

/** One start in a process of its own: `starter.ts FOLDER PORT`. Prints the outcome as JSON. */
const [dataDir = '', port = ''] = process.argv.slice(2);
try {
  const { url, state, version } = await startEmbedded({ dataDir, port: Number(port) });
  process.stdout.write(`${JSON.stringify({ url, state, version })}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Error && 'hint' in error ? error.hint : undefined;
  process.stdout.write(`${JSON.stringify({ message, hint })}\n`);
}
