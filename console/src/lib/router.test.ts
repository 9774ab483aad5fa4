import { expect, it } from 'vitest';

import { localPath, routeOf } from './router.svelte';

it.each([
  ['/', { page: 'overview' }],
  ['/first', { page: 'first' }],
  ['/decisions/', { page: 'decisions' }],
  ['/decisions/abc', { page: 'decision', id: 'abc' }],
  ['/decisions/abc/proof', { page: 'proof', id: 'abc', from: 'decisions' }],
  ['/records/abc/proof', { page: 'proof', id: 'abc', from: 'records' }],
  ['/models', { page: 'models' }],
  [`/models/${'0a'.repeat(32)}`, { page: 'model', sha256: '0a'.repeat(32) }],
  [`/models/${'0a'.repeat(32)}/bom`, { page: 'not-found' }],
  ['/models/0a', { page: 'not-found' }],
  ['/records/abc', { page: 'not-found' }],
  ['/settings', { page: 'settings', tab: 'account' }],
  ['/settings/policy', { page: 'settings', tab: 'policy' }],
  ['/settings/other', { page: 'not-found' }],
  ['/decisions/abc/other', { page: 'not-found' }],
  ['/other', { page: 'not-found' }],
])('%s', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

it('goes to paths of the console only', () => {
  expect(localPath('/decisions?effect=block')).toBe('/decisions?effect=block');
  for (const next of [null, '', '//example.com', '/\\example.com', 'https://example.com', '/api/v1/session/oidc', 'javascript:x']) {
    expect(localPath(next)).toBe('/');
  }
});
