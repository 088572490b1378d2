// The audit suite of graphql-http against a running API. BERTH_URL says where, BERTH_TOKEN is an access token.
// Prints one line of JSON for each audit: its id, its name, how it went, and why not.

import process from 'node:process';
import { serverAudits } from 'graphql-http';

const { BERTH_URL: url, BERTH_TOKEN: token } = process.env;

// Nothing is told without a token, and the audits know none.
function fetchFn(input, init = {}) {
    return fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
}

for (const audit of serverAudits({ url: `${url}/graphql`, fetchFn })) {
    const { id, name, status, reason } = await audit.fn();
    console.log(JSON.stringify({ id, name, status, reason }));
}
