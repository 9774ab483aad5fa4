import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

import { words } from './tools/words.js';

// The mock server or a real `sakimori serve`, for `npm run dev`.
const server = process.env.SAKIMORI_URL ?? 'http://127.0.0.1:8711';

export default defineConfig({
  plugins: [words(), svelte()],
  build: {
    // light-dark(), Ed25519 in Web Crypto and CSS nesting are used as they are.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // No inline code and no data: modules, as the content security policy allows none.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': server, '/log': server, '/check': server },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
