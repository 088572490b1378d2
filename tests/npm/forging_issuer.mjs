// An issuer that answers as it is told, to try what is believed. It is no OpenID provider: its token endpoint takes every
// code. Prints its issuer; each line of input is what it answers from then on, and is echoed when that is so:
//   claims   what the ID token says beside iss, aud, iat and exp
//   sign     "good" (the key that it publishes), "other", "none", "secret" (HMAC by the client's secret)
//   info     what the userinfo endpoint says; without it there is none
//   says     other members of the discovery document
//   long     the token endpoint's answer has so many bytes more
//   redirect the token endpoint sends elsewhere

import { createServer } from 'node:http';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

const good = await generateKeyPair('RS256');
const other = await generateKeyPair('RS256');
const key = { ...(await exportJWK(good.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' };
let told = {};

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

async function token() {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: 'berth', iat: now, exp: now + 300, ...told.claims };
    switch (told.sign) {
        case 'none':
            return new UnsecuredJWT(claims).encode();
        case 'secret':
            return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' })
                .sign(new TextEncoder().encode('a secret of thirty-two bytes or more'));
        default:
            return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k' })
                .sign((told.sign === 'other' ? other : good).privateKey);
    }
}

const pages = {
    '/.well-known/openid-configuration': () => ({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        ...(told.info ? { userinfo_endpoint: `${issuer}/me` } : {}),
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        ...told.says,
    }),
    '/jwks': () => ({ keys: [key] }),
    '/me': () => told.info,
    '/token': async () => ({
        access_token: 'opaque',
        token_type: 'Bearer',
        id_token: await token(),
        ...(told.long ? { filling: 'x'.repeat(told.long) } : {}),
    }),
};
let asked = 0;
server.on('request', async (request, response) => {
    asked += 1;
    const { pathname } = new URL(request.url, issuer);
    if (pathname === '/token' && told.redirect) {
        response.writeHead(307, { location: told.redirect }).end();
        return;
    }
    const page = pages[pathname];
    response.writeHead(page ? 200 : 404, { 'content-type': 'application/json' });
    response.end(page ? JSON.stringify(await page()) : '{}');
});
console.log(JSON.stringify({ issuer }));
createInterface({ input: process.stdin })
    .on('line', (line) => {
        told = JSON.parse(line);
        console.log(JSON.stringify({ asked }));
    })
    .on('close', () => process.exit(0));
