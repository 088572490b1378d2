// The access token of this page, kept in memory alone: a reload forgets it.

let token = "";

/** The header that a request needs, or none. */
export function authorization() {
  return token ? `Bearer ${token}` : undefined;
}

/** Takes a token that the reader pasted. */
export function tokenSet(text) {
  token = text.trim().replace(/^Bearer\s+/i, "");
}

/** Asks the token endpoint (RFC 6749 section 4.4). Throws with what the server says. */
export async function tokenFetch(clientId, secret) {
  const answer = await fetch("oauth/token", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId.trim(),
      client_secret: secret.trim(),
    }),
  });
  const body = await answer.json();
  if (!answer.ok) {
    throw new Error(body.error_description ?? body.error ?? `The server answered ${answer.status}.`);
  }
  tokenSet(body.access_token);
  return { token, seconds: body.expires_in };
}
