import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const gateway = process.env['KOL_GATEWAY_ORIGIN'] || 'http://127.0.0.1:4000';

/**
 * The gateway refuses what pages of other origins send. Here page and gateway are one origin, and the Host header stays
 * the page's: with `changeOrigin`, which Vite's short form turns on, it would differ from Origin and be refused.
 */
const proxy = { '/graphql': { target: gateway, changeOrigin: false } };

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
});
