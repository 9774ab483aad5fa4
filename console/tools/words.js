// The catalogue of messages: reads words/*.toml at the root of the checkout, for the build and for the type checker.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { parse } from 'smol-toml';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'words');
const types = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'words', 'ids.d.ts');

/** The files whose texts the console shows; of the last one only the errors with which a sign-in elsewhere comes back. */
export const sources = ['common.toml', 'console.toml', 'api.toml'].map((name) => join(folder, name));

/** The page has nothing but the code of such an error, in its address. */
const RETURNED = /^SKM-E-017[0-5]\./;

/** @typedef {{ ja: string, en: string }} Text */

/** All messages of one file, by id. A text that is missing in one language is an error. */
export function read(/** @type {string} */ path) {
  /** @type {Record<string, Text>} */
  const messages = {};
  for (const [id, text] of Object.entries(parse(readFileSync(path, 'utf8')))) {
    const { ja, en, ...rest } = /** @type {Record<string, unknown>} */ (text);
    if (typeof ja !== 'string' || typeof en !== 'string' || Object.keys(rest).length > 0) {
      throw new Error(`${path}: "${id}" must have exactly the texts ja and en`);
    }
    if (!path.endsWith('api.toml') || RETURNED.test(id)) messages[id] = { ja, en };
  }
  return messages;
}

/** The names of the `{params}` in a text, sorted, once each. */
export function params(/** @type {string} */ text) {
  return [...new Set([...text.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1] ?? ''))].sort();
}

/** All messages of the console, by id. The same id in two files is an error. */
export function catalogue() {
  /** @type {Record<string, Text>} */
  const all = {};
  for (const path of sources) {
    for (const [id, text] of Object.entries(read(path))) {
      if (Object.hasOwn(all, id)) throw new Error(`${path}: "${id}" is there twice`);
      all[id] = text;
    }
  }
  return all;
}

/** Writes the type of all ids and their params, so that an unknown id or a forgotten param is a type error. */
export function writeTypes() {
  const lines = Object.entries(catalogue()).map(([id, text]) => {
    const fields = params(text.ja).map((name) => `${name}: string | number`);
    return `  '${id}': ${fields.length > 0 ? `{ ${fields.join('; ')} }` : 'null'};`;
  });
  const text = `// Written by tools/words.js from words/*.toml.\nexport interface Messages {\n${lines.join('\n')}\n}\n`;
  if (!existsSync(types) || readFileSync(types, 'utf8') !== text) writeFileSync(types, text);
}

/** The Vite plugin: `virtual:words` is the catalogue. */
export function words() {
  const id = 'virtual:words';
  return {
    name: 'sakimori-words',
    buildStart() {
      writeTypes();
      // @ts-expect-error the plugin context is Vite's
      for (const path of sources) this.addWatchFile(path);
    },
    resolveId: (/** @type {string} */ source) => (source === id ? `\0${id}` : null),
    load: (/** @type {string} */ source) =>
      source === `\0${id}` ? `export default ${JSON.stringify(catalogue())};` : null,
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) writeTypes();
