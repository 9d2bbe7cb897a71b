import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

/** One document that holds everything, so that a visit is one request and no other host is ever asked. */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  build: { outDir: '../../dist/page', emptyOutDir: true, target: 'es2022', modulePreload: false },
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
});
