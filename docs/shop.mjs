// A storefront in sixty lines: shows prices, signs an operator up, orders, and follows the order. Node 20,
// no packages. BERTH_URL, BERTH_CLIENT_ID and BERTH_CLIENT_SECRET say where and as whom.
import { randomUUID } from 'node:crypto';

const { BERTH_URL: url, BERTH_CLIENT_ID: id, BERTH_CLIENT_SECRET: secret } = process.env;

// A token for an hour (docs/storefronts.md). The secret stays on the server that runs this.
async function token() {
    const answer = await fetch(`${url}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error_description ?? told.error);
    return told.access_token;
}

const bearer = await token();

async function ask(query, variables = {}) {
    const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(errors[0].message);
    return data;
}

// A change: what it made, or the first reason why not, for people.
async function change(name, input, fields) {
    const type = `${name[0].toUpperCase()}${name.slice(1)}Input`;
    const query = `mutation($input: ${type}!) { ${name}(input: $input) { ${fields} userErrors { message } } }`;
    const made = (await ask(query, { input: { idempotencyKey: randomUUID(), ...input } }))[name];
    if (made.userErrors.length) throw new Error(made.userErrors[0].message);
    return made;
}

const { plans, applications } = await ask(`{ plans { nodes { id name memoryBytes dataBytes price { minor currency } } }
    applications { nodes { name versions(last: 1) { nodes { id memoryBytes dataBytes } } } } }`);
for (const plan of plans.nodes) console.log(plan.name, plan.price?.minor / 100, plan.price?.currency);
const version = applications.nodes[0].versions.nodes[0];
const fits = (plan) => ['memoryBytes', 'dataBytes'].every((size) => Number(plan[size]) >= Number(version[size]));
const plan = plans.nodes.find(fits);

const { tenant } = await change('tenantCreate', {
    name: 'Choir', ownerName: 'Anna', ownerEmail: 'anna@example.org', externalId: randomUUID(),
}, 'tenant { id }');
const { deployment, operation } = await change('deploymentCreate', {
    tenantId: tenant.id, planId: plan.id, name: 'Chat', domainName: `${randomUUID()}.example`,
    applicationVersionId: version.id, administratorUsername: 'anna', administratorEmail: 'anna@example.org',
}, 'deployment { id } operation { id }');

for (let state = ''; state !== 'SUCCEEDED'; await new Promise((next) => setTimeout(next, 500))) {
    const query = 'query($id: ID!) { node(id: $id) { ... on Operation { state errorMessage } } }';
    const { node } = await ask(query, { id: operation.id });
    if (node.state !== state) console.log(node.state);
    if (['FAILED', 'CANCELLED'].includes(node.state)) throw new Error(node.errorMessage ?? node.state);
    state = node.state;
}
console.log(`${deployment.id} runs`);
