// A real OpenID provider on loopback, for the tests of sign-in: node provider.mjs [REDIRECT_URI]. It prints its port, then obeys commands on standard input, one a
// line, and answers each with "done":
//   rotate       forget the signing key and make another
//   bare         put nothing into ID tokens but the subject: the rest is at the userinfo endpoint only (the standard's default)
//   full         put all claims into ID tokens
// It ends when its standard input does.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const redirects = [process.argv[2] ?? 'http://127.0.0.1:8710/api/v1/session/oidc/return'];
const people = {
  hanako: { name: '防人 花子', email: 'hanako@example.jp', email_verified: true, groups: ['csirt', 'staff'] },
  taro: { name: '防人 太郎', email: 'taro@example.jp', email_verified: false, groups: [] },
};
let generation = 0;
let tokens = 'full';
let keys = newKeys();
let handler;

function newKeys() {
  generation += 1;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return [
    { ...rsa, kid: `rsa-${generation}`, use: 'sig', alg: 'RS256' },
    { ...ec, kid: `ec-${generation}`, use: 'sig', alg: 'ES256' },
  ];
}

function configuration() {
  return {
    jwks: { keys },
    clients: [
      { client_id: 'node', client_secret: 'a secret: of/the+client', redirect_uris: redirects, id_token_signed_response_alg: 'RS256' },
      { client_id: 'node-public', redirect_uris: redirects, token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256' },
      { client_id: 'other', client_secret: 'another secret', redirect_uris: redirects },
    ],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: tokens === 'bare',
    cookies: { keys: ['of a test'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    pkce: { required: () => true, methods: ['S256'] },
    ttl: {
      AccessToken: 600, AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600,
      // Seconds. One client's tokens end before they are too old for a sign-in, the other's after it.
      IdToken: (_, __, client) => (client.clientId === 'node-public' ? 120 : 3600),
    },
  };
}

const server = createServer((request, response) => handler(request, response));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const start = () => {
    const provider = new Provider(`http://127.0.0.1:${port}`, configuration());
    handler = provider.callback();
  };
  start();
  console.log(`port ${port}`);
  const commands = createInterface({ input: process.stdin });
  commands.on('line', (command) => {
    if (command === 'rotate') keys = newKeys();
    if (command === 'bare' || command === 'full') tokens = command;
    start();
    console.log('done');
  });
  commands.on('close', () => process.exit(0));
});
