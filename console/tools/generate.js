// Writes src/api/schema.d.ts, the types of the HTTP interface, from docs/openapi.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import openapi, { astToString } from 'openapi-typescript';

const here = dirname(fileURLToPath(import.meta.url));

/** Where the types are. */
export const target = join(here, '..', 'src', 'api', 'schema.d.ts');

/** The types of the interface as it is described now. */
export async function schema() {
  const document = JSON.parse(readFileSync(join(here, '..', '..', 'docs', 'openapi.json'), 'utf8'));
  // Operations are found by method and path; two of one id would become one type.
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(/** @type {Record<string, { operationId?: string }>} */ (path))) {
      delete operation.operationId;
    }
  }
  return `// Written by npm run generate from docs/openapi.json.\n${astToString(await openapi(document))}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(target, await schema());
}
