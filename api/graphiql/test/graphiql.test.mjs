// GraphiQL as a person meets it: signs in, reads, orders, follows the order, in a real browser.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, afterEach, before, test } from "node:test";

import { browserStart, dialoguesCount, pageOpen, picture } from "./browser.mjs";

const base = new URL(needed("BERTH_URL"));
const [clientId, secret] = [needed("BERTH_CLIENT_ID"), needed("BERTH_CLIENT_SECRET")];

let browser, page, seen;

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see the beginning of api/graphiql/test/run`);
  return value;
}

before(async () => {
  browser = await browserStart(base);
  ({ page, seen } = await pageOpen(browser, base));
});
afterEach(async ({ name }) => picture(page, name.replaceAll(" ", "-")));
after(async () => browser?.close());

test("the page opens without a word on the console", async () => {
  const answer = await page.goto(new URL("graphiql", base));
  assert.equal(answer.status(), 200);
  await page.waitForSelector(".graphiql-query-editor .CodeMirror-line");
  assert.match(await status(), /Your provider gives you an id and a secret/);
  assert.deepEqual(await result(await play()), { errors: [{ message: "Sign in above first." }] });
  assert.deepEqual(seen.errors, []);
});

test("a wrong secret is told and the browser asks for no other", async () => {
  const dialogues = await dialoguesCount(page);
  await signIn(clientId, "wrong");
  await statusIs("The client id or its secret is wrong.");
  assert.equal(await dialogues(), 0);
  // The browser itself notes every answer of 401.
  assert.deepEqual(seen.errors.splice(0).map(statusCode), [401]);
});

test("a client signs in and asks who it is", async () => {
  await signIn(clientId, secret);
  await statusIs("Signed in as the storefront ");
  const { data } = await result(await play());
  assert.equal(data.viewer.kind, "STOREFRONT");
});

test("the schema is explained", async () => {
  await page.click('button[aria-label="Show Documentation Explorer"]');
  const docs = ".graphiql-doc-explorer";
  await page.locator(`${docs} ::-p-text(Query)`).click();
  await page.locator(`${docs} ::-p-text(viewer)`).click();
  await page.waitForFunction((at) => document.querySelector(at).innerText.includes("Who asks."), {}, docs);
  await picture(page, "docs");
  await page.click('button[aria-label="Hide Documentation Explorer"]');
});

test("an order is placed and followed live to its end", async () => {
  const offer = await ask(`query Shop {
    tenants(first: 1) { nodes { id } }
    applications(first: 10) { nodes { slug versions(last: 1) { nodes { id } } } }
    plans(first: 10) { nodes { id slug } }
  }`);
  const tiny = offer.applications.nodes.find(({ slug }) => slug === "tiny");
  const nano = offer.plans.nodes.find(({ slug }) => slug === "nano");
  const { deploymentCreate: ordered } = await ask(`mutation Order {
    deploymentCreate(input: {
      idempotencyKey: "${randomUUID()}", tenantId: "${offer.tenants.nodes[0].id}"
      applicationVersionId: "${tiny.versions.nodes[0].id}", planId: "${nano.id}", name: "Tiny"
      domainName: "${randomUUID()}.example.org"
      administratorUsername: "anna", administratorEmail: "anna@example.org"
    }) { operation { id } userErrors { code message } }
  }`);
  assert.deepEqual(ordered.userErrors, []);

  await write(`subscription Live { operationUpdated(id: "${ordered.operation.id}") { number kind step percent message } }`);
  const last = await result(await play(), '"SUCCEEDED"');
  assert.equal(last.data.operationUpdated.percent, 100);
  // Play is there again, instead of stop: the server has ended it.
  await page.waitForSelector('button[aria-label^="Execute query"]');
  const events = seen.frames.filter(({ type }) => type === "next").map(({ payload }) => payload.data.operationUpdated);
  assert.deepEqual(events.map(({ number }) => number), events.map((_, index) => index + 1));
  assert.ok(events.some(({ kind, step }) => kind === "STEP_DONE" && step === "place"), JSON.stringify(events));
});

test("a token that is there already is taken", async () => {
  await page.locator("button ::-p-text(Sign out)").click();
  await page.locator("input[name=token]").fill("bt_nonsense");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !/Your provider/.test(document.querySelector("[role=status]").textContent));
  assert.deepEqual(seen.errors.splice(0).map(statusCode), [401]);

  const answer = await fetch(new URL("oauth/token", base), {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: secret }),
  });
  const { access_token: token } = await answer.json();
  await page.locator("input[name=token]").fill(`Bearer ${token}`);
  await page.keyboard.press("Enter");
  await statusIs("Signed in as the storefront ");
  assert.equal((await ask("query Again { viewer { kind } }")).viewer.kind, "STOREFRONT");
});

test("nothing went wrong and nobody else was asked", async () => {
  assert.deepEqual(seen.errors, []);
  assert.deepEqual(seen.elsewhere, []);
  assert.deepEqual(await page.evaluate(() => window.berthViolations), []);
  assert.equal(await page.evaluate(() => document.cookie), "");
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!stored.includes(secret) && !/Bearer/.test(stored), "a secret was kept");
  // And the page couldn't ask anybody else; that this is noticed shows that the lines above see something.
  await page.evaluate(() => fetch("https://elsewhere.example/").catch(() => {}));
  await page.waitForFunction(() => window.berthViolations.length > 0);
  assert.match((await page.evaluate(() => window.berthViolations)).join(), /^connect-src https:\/\/elsewhere\.example/);
});

async function signIn(id, password) {
  await page.locator("input[name=id]").fill(id);
  await page.locator("input[name=secret]").fill(password);
  await page.keyboard.press("Enter");
}

function status() {
  return page.$eval("[role=status]", (element) => element.textContent);
}

function statusIs(beginning) {
  const begins = (text) => document.querySelector("[role=status]").textContent.startsWith(text);
  return page.waitForFunction(begins, {}, beginning);
}

function statusCode(text) {
  return Number(text.match(/status of (\d+)/)?.[1] ?? text);
}

/** Puts a document with a name into the editor in place of what is there, as if pasted. */
async function write(text) {
  // Below the lines: they may be scrolled away sideways.
  await page.click(".graphiql-query-editor .CodeMirror", { offset: { x: 200, y: 450 } });
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.sendCharacter(text);
  // GraphiQL reads along with a delay; when it is through, the tab has the document's name.
  const named = (name) => document.querySelector(".graphiql-tab-active").textContent.startsWith(name);
  await page.waitForFunction(named, {}, text.match(/\w+ (\w+)/)[1]);
}

function play() {
  return page.click('button[aria-label^="Execute query"]');
}

/** What stands on the right, once it is a whole answer and has `part` in it. */
async function result(_played, part = "") {
  const text = await page.waitForFunction(
    (wanted) => {
      const shown = document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
      return !document.querySelector(".graphiql-spinner") && shown.includes(wanted) && shown;
    },
    {},
    part,
  );
  return JSON.parse(await text.jsonValue());
}

/** Has the person write a document and press play; the data that is shown. */
async function ask(text) {
  await write(text);
  const answer = await result(await play());
  assert.equal(answer.errors, undefined, JSON.stringify(answer));
  return answer.data;
}
