// A browser that can reach one server alone, and a page of it that remembers everything it shouldn't do.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import puppeteer from "puppeteer-core";

/** Starts Chromium. Every name but the server's own leads to nowhere, whoever asks. */
export async function browserStart(base) {
  const args = [`--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${base.hostname}`, "--proxy-server=direct://"];
  // Chromium's own sandbox refuses to work for root.
  if (process.getuid() === 0) args.push("--no-sandbox");
  return puppeteer.launch({
    executablePath: process.env.BERTH_CHROMIUM ?? "/usr/bin/chromium",
    args,
    defaultViewport: { width: 1280, height: 800 },
  });
}

/**
 * A new page, and what happened on it: `errors` of the console, requests that went `elsewhere` (they are stopped),
 * and the `frames` that came over WebSockets. Violations of its policy are in its own `berthViolations`.
 */
export async function pageOpen(browser, base) {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  const seen = { errors: [], elsewhere: [], frames: [] };

  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) seen.errors.push(`${message.text()} ${message.location().url ?? ""}`);
  });
  page.on("pageerror", (error) => seen.errors.push(error.message));

  await page.evaluateOnNewDocument(() => {
    window.berthViolations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.berthViolations.push(`${event.effectiveDirective} ${event.blockedURI}`);
    });
  });

  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin === base.origin || url.protocol === "data:") return request.continue();
    seen.elsewhere.push(request.url());
    return request.abort();
  });
  // Interception doesn't see WebSockets.
  const network = await page.createCDPSession();
  await network.send("Network.enable");
  network.on("Network.webSocketCreated", ({ url }) => {
    if (new URL(url).host !== base.host) seen.elsewhere.push(url);
  });
  network.on("Network.webSocketFrameReceived", ({ response }) => {
    if (response.opcode === 1) seen.frames.push(JSON.parse(response.payloadData));
  });
  return { page, seen };
}

/** Counts how often the browser itself wants a name and a password for an answer; the result tells, and ends it. */
export async function dialoguesCount(page) {
  const session = await page.createCDPSession();
  let count = 0;
  session.on("Fetch.requestPaused", ({ requestId }) => session.send("Fetch.continueRequest", { requestId }));
  session.on("Fetch.authRequired", ({ requestId }) => {
    count += 1;
    const authChallengeResponse = { response: "CancelAuth" };
    return session.send("Fetch.continueWithAuth", { requestId, authChallengeResponse });
  });
  await session.send("Fetch.enable", { handleAuthRequests: true });
  return async () => {
    await session.detach();
    return count;
  };
}

/** A picture for whoever wants to see what the browser saw. */
export async function picture(page, name) {
  const folder = process.env.BERTH_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
