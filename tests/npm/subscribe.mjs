// The client graphql-ws, led by a test: it reads orders as lines of JSON from standard input and prints what
// happens to it as lines of JSON. BERTH_URL says where.
//
//   {"do": "open", "token": "…", "keepAlive": 0, "retryAttempts": 0}    a client; it connects when it subscribes
//   {"do": "token", "token": "…"}                                       what it sends when it connects again
//   {"do": "subscribe", "name": "…", "query": "…", "variables": {}, "follow": "…"}
//                     follow: a subscription whose events have a number, which is where a new connection resumes
//   {"do": "drop"}                                                      the connection breaks without a word

import process from 'node:process';
import { createInterface } from 'node:readline';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const tell = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));
const message = (error) => (error instanceof Error ? error.message : { code: error?.code, reason: error?.reason });

let client;
let socket;
let token;

const orders = {
    open({ token: first, keepAlive, retryAttempts }) {
        token = first;
        client = createClient({
            url: `${process.env.BERTH_URL.replace(/^http/, 'ws')}/graphql/ws`,
            webSocketImpl: WebSocket,
            connectionParams: () => (token ? { authorization: `Bearer ${token}` } : {}),
            // A test looks at how the connection is closed, also when nothing runs on it any more.
            lazyCloseTimeout: 600_000,
            keepAlive,
            retryAttempts,
            retryWait: () => Promise.resolve(),
            on: {
                opened: (opened) => (socket = opened),
                connected: (_, __, wasRetry) => tell('connected', { wasRetry }),
                ping: (received) => tell('ping', { received }),
                pong: (received) => tell('pong', { received }),
                closed: ({ code, reason }) => tell('closed', { code, reason }),
            },
        });
    },
    token({ token: next }) {
        token = next;
    },
    subscribe({ name, query, variables, follow }) {
        client.subscribe(
            { query, variables },
            {
                next(result) {
                    const number = result.data?.[follow]?.number;
                    // The client sends these again when it resumes.
                    if (number) variables.after = number;
                    tell('next', { name, result });
                },
                error: (error) => tell('error', { name, error: Array.isArray(error) ? error : message(error) }),
                complete: () => tell('complete', { name }),
            },
        );
    },
    drop() {
        socket.terminate();
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    orders[order.do](order);
}
process.exit(0);
