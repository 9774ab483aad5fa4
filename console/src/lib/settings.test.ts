import { expect, it } from 'vitest';

import { flatten } from './settings';

it('names values as the configuration file does', () => {
  expect(flatten({ listen: '127.0.0.1:8710', tls: null, limits: { body: 8, names: ['a'] } })).toEqual([
    { name: 'listen', value: '127.0.0.1:8710' },
    { name: 'tls', value: 'null' },
    { name: 'limits.body', value: '8' },
    { name: 'limits.names', value: '["a"]' },
  ]);
});
