// The authorisation code flow by oauth4webapi, as a storefront's client. BERTH_URL says where the server is,
// BERTH_CLIENT_ID and BERTH_CLIENT_SECRET who asks (without a secret: a public client), BERTH_REDIRECT_URI where the
// answer goes. Prints the URL for the person's browser; reads the URL that the browser was sent to; prints what came
// of each step.

import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import * as oauth from 'oauth4webapi';

const { BERTH_URL, BERTH_CLIENT_ID, BERTH_CLIENT_SECRET, BERTH_REDIRECT_URI } = process.env;
// The server of the test is not on TLS.
const open = { [oauth.allowInsecureRequests]: true };
const tell = (what) => console.log(JSON.stringify(what));
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const order = async () => JSON.parse((await orders.next()).value);

const issuer = new URL(BERTH_URL);
const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...open });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
const client = { client_id: BERTH_CLIENT_ID };
const proof = BERTH_CLIENT_SECRET ? oauth.ClientSecretBasic(BERTH_CLIENT_SECRET) : oauth.None();

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
    client_id: client.client_id,
    redirect_uri: BERTH_REDIRECT_URI,
    response_type: 'code',
    scope: 'tenant:read catalogue:read',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
})) {
    url.searchParams.set(name, value);
}
tell({ url: url.href });

const back = new URL((await order()).url);
let mixedUp;
try {
    // As if another server had answered (RFC 9207).
    oauth.validateAuthResponse({ ...server, issuer: 'https://another.example' }, client, back, state);
} catch (cause) {
    mixedUp = cause.message;
}
tell({ mixedUp });
const answer = oauth.validateAuthResponse(server, client, back, state);
const redeemed = await oauth.authorizationCodeGrantRequest(
    server, client, proof, answer, BERTH_REDIRECT_URI, verifier, open);
const first = await oauth.processAuthorizationCodeResponse(server, client, redeemed);
tell({ token: first.access_token, scope: first.scope });

const renewed = await oauth.refreshTokenGrantRequest(server, client, proof, first.refresh_token, open);
const second = await oauth.processRefreshTokenResponse(server, client, renewed);
tell({ token: second.access_token, scope: second.scope });

if (BERTH_CLIENT_SECRET) {
    const asked = await oauth.introspectionRequest(server, client, proof, second.access_token, open);
    tell(await oauth.processIntrospectionResponse(server, client, asked));
}
const revoked = await oauth.revocationRequest(server, client, proof, second.refresh_token, open);
await oauth.processRevocationResponse(revoked);
const late = await oauth.refreshTokenGrantRequest(server, client, proof, second.refresh_token, open);
try {
    await oauth.processRefreshTokenResponse(server, client, late);
} catch (cause) {
    tell({ refused: cause.error });
}
orders.return?.();
process.exit(0);
