import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { schema, target } from '../../tools/generate.js';

it('has the types of docs/openapi.json as it is now (npm run generate)', async () => {
  expect(readFileSync(target, 'utf8')).toBe(await schema());
}, 30_000);
