// An OpenID provider (oidc-provider) on loopback, at which anybody signs in as whoever they say: /interaction/…?as=NAME.
// The address is NAME@mail.example, verified unless the name begins with "unverified"; "nobody" says no. Clients register
// themselves (RFC 7591). Prints its issuer, and runs until its input ends.

import { createServer } from 'node:http';
import process from 'node:process';
import Provider from 'oidc-provider';

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['of a test'] },
    features: { devInteractions: { enabled: false }, registration: { enabled: true } },
    findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({
            sub: id,
            email: `${id}@mail.example`,
            email_verified: !id.startsWith('unverified'),
            name: id[0].toUpperCase() + id.slice(1),
        }),
    }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    // Nobody is asked what Berth may know.
    async loadExistingGrant(ctx) {
        const { client, session, provider: own } = ctx.oidc;
        const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
    },
    pkce: { required: () => true },
});
const answer = provider.callback();
server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    if (!url.pathname.startsWith('/interaction/')) {
        answer(request, response);
        return;
    }
    const name = url.searchParams.get('as');
    const result = name === 'nobody' ? { error: 'access_denied' } : { login: { accountId: name } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
});
console.log(JSON.stringify({ issuer }));
process.stdin.on('end', () => process.exit(0)).resume();
