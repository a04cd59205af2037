// The page in a browser, as a person uses it. It prints its times beside their limits.
"use strict";

const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { createInterface } = require("node:readline");
const { after, before, test } = require("node:test");
const { chromium } = require("playwright-core");
const { command, environment, explore, packages, root } = require("./explorer.cjs");

const LIST = "QueryRobotTaskCallList";
// What the browser does by itself at its start would reach for the network.
const QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
let browser;

before(async () => {
  const args = ["--no-sandbox", "--disable-gpu", ...QUIET];
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
  // The first page of a browser starts its processes, which is not measured.
  await (await browser.newPage()).close();
});
after(() => browser.close());

// An explorer with an open page. Every complaint of the page, and every request to elsewhere, fails the test.
async function start(t, options) {
  const explorer = await explore(options);
  let visited = null;
  // In this order: a page whose server has ended complains.
  t.after(async () => {
    await visited?.context.close();
    await explorer.stop();
    assert.deepEqual(visited?.complaints ?? [], []);
  });
  visited = await visit(explorer.url);
  return { explorer, ...visited };
}

async function visit(url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => request.url().startsWith(url) || complaints.push(`a request to ${request.url()}`));
  await page.goto(url, { waitUntil: "commit" });
  return { context, page, complaints };
}

const operation = (page, action) => page.locator(`[id$="-${action}"].opblock`);
const body = (page, action) => operation(page, action).locator("textarea.body-param__text");

async function open(page, action) {
  await page.locator(`#list button[data-operation="${action}"]`).click();
  await body(page, action).waitFor();
}

async function execute(page, action) {
  await operation(page, action).locator("button.execute").click();
}

async function screenshot(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`) });
}

// Milliseconds from the start of the navigation until all operations are listed and a search has its results.
async function usable(url, count) {
  const { context, page } = await visit(url);
  const listed = (number) => document.querySelectorAll("#list button").length === number;
  await page.waitForFunction(listed, count, { polling: "raf" });
  await page.locator("#search").fill("busy");
  await page.waitForFunction((number) => document.querySelectorAll("#list button").length < number, count, { polling: "raf" });
  const milliseconds = await page.evaluate(() => performance.now());
  await context.close();
  return milliseconds;
}

// The shortest of three times: whatever else the machine does makes the others longer.
async function best(measure) {
  return Math.min(await measure(), await measure(), await measure());
}

// Milliseconds from a key until the list shows what it finds.
async function searchTime(page, words) {
  const response = page.waitForResponse((response) => response.url().includes("/search?"));
  const took = await page.evaluate(
    (words) =>
      new Promise((resolve) => {
        const input = document.getElementById("search");
        const began = performance.now();
        new MutationObserver((_, observer) => {
          observer.disconnect();
          requestAnimationFrame(() => resolve(performance.now() - began));
        }).observe(document.getElementById("list"), { childList: true });
        input.value = words;
        input.dispatchEvent(new InputEvent("input"));
      }),
    words,
  );
  await response;
  return took;
}

function within(what, milliseconds, limit) {
  console.log(`${what}: ${Math.round(milliseconds)} ms, ${(milliseconds / limit).toFixed(2)} of its limit of ${limit} ms`);
  assert.ok(milliseconds < limit, `${what} takes ${milliseconds} ms`);
}

// What cargo prints about a crate with these sources, and the dependencies that a copied program needs.
function cargo(command, sources) {
  const folder = path.join(packages, "program");
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, "src"), { recursive: true });
  for (const [name, source] of Object.entries(sources)) fs.writeFileSync(path.join(folder, "src", name), source);
  fs.copyFileSync(path.join(root, "Cargo.lock"), path.join(folder, "Cargo.lock"));
  const manifest = `[workspace]

[package]
name = "copied"
edition = "2024"

[dependencies]
dyvmsapi = { path = ${JSON.stringify(path.join(root, "dyvmsapi"))} }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
`;
  fs.writeFileSync(path.join(folder, "Cargo.toml"), manifest);
  // The folder of another test that builds the same crates.
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(root, "target/program") };
  return execFileSync("cargo", [command, "--quiet"], { cwd: folder, env, encoding: "utf8" });
}

test("a person finds an operation, calls it, and copies a program that does the same", async (t) => {
  const { page } = await start(t);
  await page.locator("#list button").nth(158).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("busy");
  await page.locator("#count", { hasText: /^1\d operations$/ }).waitFor();
  await screenshot(page, "explorer-search");
  await open(page, LIST);
  assert.match(await body(page, LIST).inputValue(), /"TaskId": "1045001"/, "the example is filled in");
  await body(page, LIST).fill('{ "TaskId": "1045001", "PageNo": 1, "PageSize": 20 }');
  await execute(page, LIST);
  const response = operation(page, LIST).locator(".live-responses-table .highlight-code code").first();
  await response.waitFor();
  const shown = JSON.parse(await response.textContent());
  assert.equal(shown.Data.length, 20);
  const isVisible = (element) => element.getBoundingClientRect().top < document.querySelector("aside").getBoundingClientRect().top;
  assert.ok(await response.evaluate(isVisible), "the response is scrolled into view");
  assert.ok(!(await operation(page, LIST).getByText("No parameters").isVisible()));
  await screenshot(page, "explorer-response");
  assert.equal(shown.Data[0].called, "***", "numbers are not shown");
  const logged = page.locator("#calls tr", { hasText: LIST });
  await logged.waitFor();
  assert.match(await logged.textContent(), new RegExp(`emulator${LIST}OK${shown.RequestId}`));

  const panel = operation(page, LIST).locator(".snippets");
  await panel.getByRole("tab", { name: "curl" }).click();
  await panel.locator("pre", { hasText: "curl http" }).waitFor();
  await panel.getByRole("tab", { name: "Rust" }).click();
  await panel.locator("pre", { hasText: ".page_size(20)" }).waitFor();
  await panel.scrollIntoViewIfNeeded();
  await screenshot(page, "explorer-call");
  await panel.getByRole("button", { name: "Copy" }).click();
  await panel.getByRole("button", { name: "Copied" }).waitFor();
  const program = await page.evaluate(() => navigator.clipboard.readText());

  const printed = cargo("run", { "main.rs": program });
  const printedIds = [...printed.matchAll(/callId: "([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(printedIds, shown.Data.map((call) => call.callId));
});

test("an operation that is selected before Swagger UI is there opens with it", async (t) => {
  const { page } = await start(t);
  // The script that opens operations comes late.
  await page.route("**/calls.js", async (route) => {
    await page.locator(`#list button[data-operation="${LIST}"]`).click();
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await body(page, LIST).waitFor();
});

test("the programs of all examples compile, with what the copied one needs", async (t) => {
  const explorer = await explore();
  t.after(explorer.stop);
  const { paths } = await (await fetch(`${explorer.url}/openapi.json`)).json();
  const headers = { "Content-Type": "application/json", "X-Dyvms-Token": explorer.token };
  const sources = {};
  for (const { post } of Object.values(paths)) {
    for (const { value } of Object.values(post.requestBody.content["application/json"].examples)) {
      const url = `${explorer.url}/emulator/snippets/${post.operationId}`;
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(value) });
      sources[`program_${Object.keys(sources).length}.rs`] = (await response.json()).rust;
    }
  }
  const modules = Object.keys(sources).map((file) => `mod ${path.parse(file).name};\n`);
  assert.ok(modules.length >= 159, `${modules.length} programs`);
  cargo("check", { ...sources, "main.rs": `#![allow(dead_code)]\n${modules.join("")}fn main() {}\n` });
});

test("snippets follow what is typed, and say what is missing", async (t) => {
  const { page, complaints } = await start(t);
  await open(page, "SingleCallByTts");
  const panel = operation(page, "SingleCallByTts").locator(".snippets");
  const expect = (text) => panel.locator("pre", { hasText: text }).waitFor();
  await body(page, "SingleCallByTts").fill('{ "CalledNumber": "13000000000" }');
  await expect("// These parameters are required: TtsCode.");
  await body(page, "SingleCallByTts").fill('{ "CalledNumber": "13000000000", "TtsCode": "TTS_7" }');
  await expect('SingleCallByTts::new("13000000000", "TTS_7")');
  await panel.getByRole("tab", { name: "dyvms" }).click();
  await expect(/dyvms call SingleCallByTts.*--CalledNumber 13000000000.*--TtsCode TTS_7.*--endpoint http/s);
  await body(page, "SingleCallByTts").fill('{ "CalledNumber": ');
  await expect("EOF while parsing a value at line 1 column 18");
  // The browser itself notes that the last response is an error.
  assert.equal(complaints.length, 1);
  assert.match(complaints.pop(), /400/);
});

test("an error is explained in the log", async (t) => {
  const { page, complaints } = await start(t);
  await open(page, "SingleCallByTts");
  await body(page, "SingleCallByTts").fill('{ "CalledNumber": "1300000000a", "TtsCode": "TTS_7" }');
  await execute(page, "SingleCallByTts");
  const details = page.locator("#calls .details");
  await details.waitFor();
  const explained = execFileSync(command, ["explain", "isv.MOBILE_NUMBER_ILLEGAL", "-o", "json"], { env: environment });
  const [{ meaning, consequence, advice }] = JSON.parse(explained);
  const text = await details.textContent();
  for (const part of [meaning, consequence, advice]) assert.ok(text.includes(part), text);
  await screenshot(page, "explorer-error");
  // The browser itself notes that the response is an error.
  assert.equal(complaints.length, 1);
  assert.match(complaints.pop(), /422/);
});

test("words and codes are found in both languages, and the page is Chinese for those who want it", async (t) => {
  const { page } = await start(t, { before: ["--lang", "zh"] });
  await page.locator("#list button").nth(158).waitFor();
  for (const words of ["占线", "busy", "200002"]) {
    await page.locator("#search").fill(words);
    await page.waitForFunction(() => document.querySelectorAll("#list button").length < 159);
    await page.locator(`#list button[data-operation="${LIST}"]`).waitFor();
    await page.locator("#search").fill("");
    await page.locator("#count", { hasText: "159 个接口" }).waitFor();
  }
  await page.locator("#search").fill("外呼任务");
  await page.locator("#list mark", { hasText: "外呼任务" }).first().waitFor();
  await page.locator("#search").fill("nowhere-to-be-found");
  await page.locator("#count", { hasText: "没有匹配的接口" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh");
  await page.locator("#search").fill("占线");
  await page.locator("#list button").first().waitFor();
  await screenshot(page, "explorer-chinese");
});

test("a real call asks whom it calls, and is not sent without a yes", async (t) => {
  // It stands for the service.
  const service = spawn(command, ["emulator", "--quiet"], { env: environment, stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => service.kill());
  const endpoint = await new Promise((resolve) => createInterface({ input: service.stdout }).once("line", resolve));
  const received = async () => (await (await fetch(`${endpoint}/_emulator/requests`)).json()).count;
  environment.ALIBABA_CLOUD_ACCESS_KEY_ID = "testid";
  environment.ALIBABA_CLOUD_ACCESS_KEY_SECRET = "testsecret";
  const { page, complaints } = await start(t, { options: ["--live", "--endpoint", endpoint] });
  await open(page, "SingleCallByTts");
  await page.locator(".servers select").selectOption("/live");
  await page.locator('body[data-target="/live"]').waitFor();
  await body(page, "SingleCallByTts").fill('{ "CalledNumber": "13000000000", "TtsCode": "TTS_10001" }');
  const questions = [];
  const answers = [(dialog) => dialog.dismiss(), (dialog) => dialog.accept(), (dialog) => dialog.dismiss()];
  page.on("dialog", (dialog) => {
    questions.push(dialog.message());
    return answers[questions.length - 1](dialog);
  });
  await execute(page, "SingleCallByTts");
  const outcome = operation(page, "SingleCallByTts").locator(".live-responses-table");
  await outcome.getByText("not confirmed, so nothing was sent").first().waitFor();
  assert.equal(await received(), 0);
  await execute(page, "SingleCallByTts");
  await outcome.getByText("CallId").first().waitFor();
  assert.equal(await received(), 1);
  assert.equal(questions.length, 2);
  assert.match(questions[0], /real call, which costs money.* 13000000000$/);
  // The other spelling of parameters is asked about as well.
  await body(page, "SingleCallByTts").fill('{ "called-number": "13000000000", "tts-code": "TTS_10001" }');
  await execute(page, "SingleCallByTts");
  await outcome.getByText("not confirmed, so nothing was sent").first().waitFor();
  assert.equal(await received(), 1);
  assert.equal(questions[2], questions[0]);
  // What is not an object of parameters is refused by the gateway.
  await body(page, "SingleCallByTts").fill("null");
  await execute(page, "SingleCallByTts");
  await outcome.getByText("expected an object of parameters").first().waitFor();
  // What calls nobody is not asked about.
  await open(page, LIST);
  await execute(page, LIST);
  await page.locator("#calls tr", { hasText: LIST }).waitFor();
  assert.equal(questions.length, 3);
  // The browser itself notes that responses are errors; those to `null` are of the call and of its snippets.
  const statuses = complaints.splice(0).map((complaint) => complaint.match(/status of (\d+)/)[1]);
  assert.deepEqual(statuses.slice(0, 2), ["428", "428"]);
  assert.ok(statuses.slice(2).every((status) => status === "400"), statuses.join(" "));
});

test("another page of the same browser calls nothing and reads nothing", async (t) => {
  const explorer = await explore();
  t.after(explorer.stop);
  const attack = `${explorer.url}/emulator/v1/${LIST}`;
  const form = `<form method="post" enctype="text/plain" target="frame" action="${attack}"><input name='{"TaskId":"1' value='"}'></form>
<iframe name="frame"></iframe><iframe src="${explorer.url}"></iframe>`;
  const elsewhere = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end(form));
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  t.after(() => elsewhere.close());
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  const outcomes = await page.evaluate(
    async ({ attack, home, token }) => {
      const tried = async (path, options) => {
        try {
          return (await fetch(path, options)).status;
        } catch {
          return "blocked";
        }
      };
      document.forms[0].submit();
      const json = { "Content-Type": "application/json", "X-Dyvms-Token": token };
      return [
        await tried(home),
        await tried(`${home}/calls`),
        await tried(attack, { method: "POST", mode: "no-cors", headers: { "Content-Type": "text/plain" }, body: "{}" }),
        await tried(attack, { method: "POST", headers: json, body: "{}" }),
      ];
    },
    { attack, home: explorer.url, token: explorer.token },
  );
  assert.deepEqual(outcomes, ["blocked", "blocked", "blocked", "blocked"]);
  // The page is not shown in a frame either.
  const framed = page.frames().map((frame) => frame.url());
  assert.ok(!framed.includes(`${explorer.url}/`), framed.join(" "));
  assert.deepEqual(await (await fetch(`${explorer.url}/calls`)).json(), [], "nothing was called");
});

test("the page is usable soon, and a search responds at once", async (t) => {
  const { explorer, page } = await start(t);
  within("page with 159 operations usable", await best(() => usable(explorer.url, 159)), 1500);
  await page.locator("body[data-target]").waitFor();
  for (const words of ["call", "占线", "robot busy", "a", ""]) {
    within(`search for "${words}"`, await best(() => searchTime(page, words)), 100);
  }
});

test("so is that of a service with 400 operations", async (t) => {
  const folder = path.join(packages, "large");
  fs.rmSync(folder, { recursive: true, force: true });
  fs.cpSync(path.join(root, "api-spec/services/dyvmsapi-2017-05-25"), folder, { recursive: true });
  const operations = path.join(folder, "operations");
  const files = fs.readdirSync(operations).sort();
  for (let number = files.length; number < 400; number++) {
    // Names are unique in a service: those of the operation and of its types get a number.
    const specification = JSON.parse(fs.readFileSync(path.join(operations, files[number % files.length]), "utf8"));
    const names = [specification.action, ...Object.keys(specification.types ?? {})].join("|");
    const text = JSON.stringify({ ...specification, examples: [] });
    const numbered = text.replaceAll(new RegExp(`"(${names})"`, "g"), `"$1Number${number}"`);
    fs.writeFileSync(path.join(operations, `${specification.action}Number${number}.json`), numbered);
  }
  const explorer = await explore({ before: ["--spec", folder] });
  t.after(explorer.stop);
  within("page with 400 operations usable", await best(() => usable(explorer.url, 400)), 3000);
});
