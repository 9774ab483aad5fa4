/** Why a bundle or a key is not accepted. The names are those of `sakimori verify`, where it has one. */
export type FailureCode =
  | 'bundle-too-large'
  | 'bundle-malformed'
  | 'media-type'
  | 'statement-too-large'
  | 'salt-malformed'
  | 'proof-malformed'
  | 'checkpoint-malformed'
  | 'key-malformed'
  | 'unknown-key'
  | 'wrong-signature'
  | 'not-included'
  | 'other-record'
  | 'no-ed25519';

/** Thrown by everything in this folder. `detail` is English and technical. */
export class Failure extends Error {
  constructor(
    readonly code: FailureCode,
    readonly detail: string,
  ) {
    super(`${code}: ${detail}`);
    this.name = 'Failure';
  }
}
