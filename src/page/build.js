// Plain JavaScript, for npm runs it after an install, with whatever Node it finds.
import { fileURLToPath } from 'node:url';

try {
  const { build } = await import('vite');
  await build({ configFile: fileURLToPath(new URL('./vite.config.ts', import.meta.url)) });
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  process.stderr.write('kol-gateway: without its development dependencies the start page is not built\n');
}
