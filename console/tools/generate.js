// Writes src/api/schema.d.ts, the types of the HTTP interface, from docs/openapi.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import openapi, { astToString } from 'openapi-typescript';

const here = dirname(fileURLToPath(import.meta.url));
const document = JSON.parse(readFileSync(join(here, '..', '..', 'docs', 'openapi.json'), 'utf8'));

// Operations are found by method and path; two of one id would become one type.
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(/** @type {Record<string, { operationId?: string }>} */ (path))) {
    delete operation.operationId;
  }
}

const text = astToString(await openapi(document));
writeFileSync(join(here, '..', 'src', 'api', 'schema.d.ts'), `// Written by npm run generate from docs/openapi.json.\n${text}`);
