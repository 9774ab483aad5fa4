// Uploads a file in pieces of 6 MiB with the client of the tus project, stopping and going on once in between.
// node tus.mjs <endpoint> <file> <authorization>; prints the address of the upload.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

const { Upload } = createRequire(join(process.env.SAKIMORI_TUS, 'package.json'))('tus-js-client');
const [endpoint, file, authorization] = process.argv.slice(2);

let stopped = false;
const upload = new Upload(createReadStream(file), {
  endpoint,
  headers: { Authorization: authorization },
  metadata: { filename: basename(file) },
  uploadSize: (await stat(file)).size,
  chunkSize: 6 * 1024 * 1024,
  retryDelays: [],
  onChunkComplete() {
    if (stopped) return;
    stopped = true;
    // Go on from what the server says it has, as after a lost connection.
    upload.abort().then(() => upload.start());
  },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(upload.url);
  },
});
upload.start();
