// The bar above GraphiQL: a client's id and secret for a token, or a token that is there already.

import { useState } from "react";

import { tokenFetch, tokenSet } from "./token.js";

export function SignIn({ onToken }) {
  const [clientId, setClientId] = useState("");
  const [secret, setSecret] = useState("");
  const [token, setToken] = useState("");
  const [message, setMessage] = useState("Sign in to see the schema.");

  async function submit(event) {
    event.preventDefault();
    try {
      const made = await tokenFetch(clientId, secret);
      setToken(made.token);
      setSecret("");
      setMessage(`Signed in for ${Math.round(made.seconds / 60)} minutes.`);
      onToken();
    } catch (error) {
      setMessage(error.message);
    }
  }

  function paste(text) {
    setToken(text);
    tokenSet(text);
  }

  return (
    <form className="sign-in" onSubmit={submit}>
      <label>
        Client id
        <input value={clientId} onChange={(e) => setClientId(e.target.value)} autoComplete="username" />
      </label>
      <label>
        Secret
        <input
          type="password"
          value={secret}
          onChange={(e) => setSecret(e.target.value)}
          autoComplete="current-password"
        />
      </label>
      <button type="submit">Get a token</button>
      <label>
        Token
        <input
          type="password"
          value={token}
          onChange={(e) => paste(e.target.value)}
          onBlur={onToken}
          autoComplete="off"
        />
      </label>
      <span role="status">{message}</span>
    </form>
  );
}
