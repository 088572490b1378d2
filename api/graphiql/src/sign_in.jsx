// The bar above GraphiQL: who is signed in; or a client's id and secret for a token, or a token that is there
// already.

import { useState } from "react";

import { tokenFetch, tokenTake } from "./token.js";

const hint = "Your provider gives you an id and a secret. make run and make sandbox say which file has them.";

/** `session` is who is signed in, or null; `note` is said to whoever isn't. */
export function SignIn({ session, note, onSession }) {
  if (session) return <SignedIn session={session} onSignOut={() => onSession(null)} />;
  return <SignedOut note={note} onSession={onSession} />;
}

function SignedIn({ session, onSignOut }) {
  const time = session.until?.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return (
    <header className="sign-in">
      <span role="status">
        Signed in as {session.name}
        {time && ` until ${time}`}.
      </span>
      <button type="button" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  );
}

function SignedOut({ note, onSession }) {
  const [message, setMessage] = useState(note);
  const [busy, setBusy] = useState(false);

  async function signIn(event, session) {
    event.preventDefault();
    setBusy(true);
    try {
      onSession(await session(new FormData(event.target)));
    } catch (error) {
      setMessage(error.message);
      setBusy(false);
    }
  }

  return (
    <header className="sign-in">
      <form onSubmit={(event) => signIn(event, (form) => tokenFetch(form.get("id"), form.get("secret")))}>
        <Field label="Client id" name="id" placeholder="cli_…" autoComplete="username" autoFocus />
        <Field label="Secret" name="secret" type="password" autoComplete="current-password" />
        <button type="submit" disabled={busy}>
          Sign in
        </button>
      </form>
      <form onSubmit={(event) => signIn(event, (form) => tokenTake(form.get("token")))}>
        <Field label="or an access token" name="token" type="password" autoComplete="off" />
        <button type="submit" disabled={busy}>
          Use it
        </button>
      </form>
      <span role="status">{message ?? hint}</span>
    </header>
  );
}

function Field({ label, ...input }) {
  return (
    <label>
      {label}
      <input required spellCheck="false" {...input} />
    </label>
  );
}
