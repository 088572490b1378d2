// GraphiQL over this server's own GraphQL: queries by HTTP, subscriptions by graphql-transport-ws.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

import "graphiql/style.css";
import "./main.css";
import { examples } from "./examples.js";
import { SignIn } from "./sign_in.jsx";

const url = new URL("graphql", document.baseURI);
const wsUrl = new URL("graphql/ws", document.baseURI);
wsUrl.protocol = wsUrl.protocol === "https:" ? "wss:" : "ws:";

/** A fetcher with a session's token, and what ends it. `onRefused` is called when the token is no good. */
function connect(session, onRefused) {
  const wsClient = createClient({
    url: wsUrl.href,
    lazy: true,
    connectionParams: () => ({ authorization: session?.authorization }),
  });
  const send = createGraphiQLFetcher({
    url: url.href,
    wsClient,
    fetch: async (target, init) => {
      const headers = new Headers(init.headers);
      // One that stands in GraphiQL's own headers goes before ours.
      const ours = session && !headers.has("authorization");
      if (ours) headers.set("authorization", session.authorization);
      const answer = await fetch(target, { ...init, headers });
      if (ours && answer.status === 401) onRefused();
      return answer;
    },
  });
  const fetcher = async (params, options) =>
    session || hasToken(options)
      ? send(params, options)
      : { errors: [{ message: "Sign in above first." }] };
  return { fetcher, end: () => wsClient.dispose() };
}

function hasToken(options) {
  return Object.keys(options?.headers ?? {}).some((name) => name.toLowerCase() === "authorization");
}

function App() {
  const [session, setSession] = useState(null);
  const [note, setNote] = useState();
  const connection = useMemo(
    () =>
      connect(session, () => {
        setNote("The token is no longer good. Sign in again.");
        setSession((now) => (now === session ? null : now));
      }),
    [session],
  );
  useEffect(() => connection.end, [connection]);

  function signed(next) {
    setNote(undefined);
    setSession(next);
  }

  // Without a token the server doesn't tell its schema: null keeps GraphiQL from asking.
  return (
    <>
      <SignIn session={session} note={note} onSession={signed} />
      <main>
        <GraphiQL
          fetcher={connection.fetcher}
          schema={session ? undefined : null}
          defaultTabs={examples}
          shouldPersistHeaders={false}
        />
      </main>
    </>
  );
}

createRoot(document.getElementById("root")).render(<App />);
