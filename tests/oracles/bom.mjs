// Validates bills of materials with the CycloneDX project's library: node bom.mjs FOLDER.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.SAKIMORI_BOM, 'package.json'));
const { Spec, Validation } = require('@cyclonedx/cyclonedx-library');
const folder = process.argv[2];
const validators = new Map();
let failed = 0;
const names = readdirSync(folder).filter((name) => name.endsWith('.cdx.json')).sort();
for (const name of names) {
  const text = readFileSync(join(folder, name), 'utf8');
  const version = JSON.parse(text).specVersion;
  if (!validators.has(version)) {
    const known = Object.values(Spec.Version).includes(version);
    if (!known) throw new Error(`unknown version ${version}`);
    validators.set(version, new Validation.JsonStrictValidator(version));
  }
  const error = await validators.get(version).validate(text);
  if (error !== null) {
    failed += 1;
    console.log(`${name}: ${JSON.stringify(error).slice(0, 400)}`);
  }
}
console.log(`@cyclonedx/cyclonedx-library: ${names.length} documents, ${failed} failed`);
process.exit(failed ? 1 : 0);
