// Access tokens: how this page gets one and learns what it is good for. Nothing of it is kept anywhere but in
// the page's memory: a reload forgets it.

const WHO = "{ viewer { kind role tenant { name } storefront { name } } }";

/** Asks the token endpoint (RFC 6749 section 4.4). Throws with what the server says. */
export async function tokenFetch(clientId, secret) {
  const answer = await fetch("oauth/token", {
    method: "POST",
    // Otherwise a wrong secret makes the browser open a dialogue of its own.
    credentials: "omit",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId.trim(),
      client_secret: secret.trim(),
    }),
  });
  const body = await json(answer);
  if (!answer.ok) throw new Error(body.error_description ?? body.error ?? status(answer));
  return session(body.access_token, new Date(Date.now() + body.expires_in * 1000));
}

/** Takes a token that is there already. Throws with what the server says if it is no good. */
export function tokenTake(text) {
  return session(text.trim().replace(/^Bearer\s+/i, ""));
}

/** A token with whom it acts for. When a pasted one ends isn't known. */
async function session(token, until) {
  const authorization = `Bearer ${token}`;
  const answer = await fetch("graphql", {
    method: "POST",
    headers: { "content-type": "application/json", authorization },
    body: JSON.stringify({ query: WHO }),
  });
  const body = await json(answer);
  const viewer = body.data?.viewer;
  if (!viewer) throw new Error(body.errors?.[0]?.message ?? status(answer));
  return { authorization, until, name: nameOf(viewer) };
}

function nameOf({ kind, role, tenant, storefront }) {
  if (tenant) return `the tenant ${tenant.name}, ${role}`;
  if (storefront) return `the storefront ${storefront.name}`;
  return kind === "PLATFORM" ? "the provider" : kind;
}

async function json(answer) {
  try {
    return await answer.json();
  } catch {
    throw new Error(status(answer));
  }
}

function status(answer) {
  return `The server answered ${answer.status}.`;
}
