// The OpenAPI document, given to tools of other authors: a validator, a reader, and a generator of clients.
"use strict";

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { before, test } = require("node:test");
const SwaggerParser = require("@apidevtools/swagger-parser");
const { command, environment, explore, packages } = require("./explorer.cjs");

const bin = (name) => path.join(packages, "venv/bin", name);
const run = (program, words) => execFileSync(program, words, { env: environment, encoding: "utf8" });
const file = (version) => path.join(packages, `openapi-${version}.json`);

before(() => {
  for (const version of ["3.1", "3.0"]) run(command, ["openapi", "--openapi", version, "--out", file(version)]);
});

for (const version of ["3.1", "3.0"]) {
  test(`a validator and a reader accept the document of OpenAPI ${version}`, async () => {
    assert.match(run(bin("openapi-spec-validator"), [file(version)]), /: OK/);
    const document = await SwaggerParser.validate(file(version));
    assert.equal(Object.keys(document.paths).length, 159);
    // Without references, a reader sees the records of a list.
    const list = document.paths["/v1/QueryRobotTaskCallList"].post;
    const response = list.responses["200"].content["application/json"].schema;
    assert.ok(response.properties.Data.items.properties.callId, "the records of Data are described");
    assert.equal(list["x-dials"], false);
    assert.equal(document.paths["/v1/SingleCallByTts"].post["x-dials"], true);
  });
}

test("a client in Python that is generated from the document calls the gateway", async (t) => {
  const explorer = await explore();
  t.after(explorer.stop);
  const folder = path.join(packages, "client");
  fs.rmSync(folder, { recursive: true, force: true });
  const how = ["--output-path", folder, "--meta", "none", "--config", path.join(__dirname, "generator.yaml")];
  run(bin("openapi-python-client"), ["generate", "--path", file("3.1"), ...how]);
  const printed = run(bin("python"), ["-B", path.join(__dirname, "client.py"), packages, explorer.url, explorer.token]);
  const { calls, problem } = JSON.parse(printed);
  assert.equal(calls.length, 20);
  const direct = await fetch(`${explorer.url}/emulator/v1/QueryRobotTaskCallList`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Dyvms-Token": explorer.token },
    body: JSON.stringify({ TaskId: "1045001", PageNo: 1, PageSize: 20 }),
  });
  assert.deepEqual(calls, (await direct.json()).Data.map((call) => call.callId));
  // An error has the one form that the document states.
  assert.equal(problem.code, "isv.MOBILE_NUMBER_ILLEGAL");
  assert.equal(problem.outcomeUnknown, false);
});

test("the same call for curl works at a shell", async (t) => {
  const explorer = await explore();
  t.after(explorer.stop);
  const headers = { "Content-Type": "application/json", "X-Dyvms-Token": explorer.token };
  const body = JSON.stringify({ TaskId: "1045001", PageSize: 3 });
  const path = `${explorer.url}/emulator/snippets/QueryRobotTaskCallList`;
  const { curl } = await (await fetch(path, { method: "POST", headers, body })).json();
  const response = JSON.parse(execFileSync("sh", ["-c", curl], { env: environment, stdio: ["ignore", "pipe", "ignore"] }));
  assert.equal(response.Data.length, 3);
});
