// The command in a process of its own, and the folders of this repository.
"use strict";

const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");
const path = require("node:path");

const root = path.resolve(__dirname, "../..");
const packages = path.join(__dirname, ".packages");
const command = path.join(root, "target/debug/dyvms");

// The process does not see keys, proxies or the language of this machine.
const environment = { PATH: process.env.PATH, HOME: packages, ALIBABA_CLOUD_ECS_METADATA_DISABLED: "true" };

// Starts `dyvms [before...] explore` with a free port: its address, its token, and a function that ends it.
async function explore({ before = [], options = [] } = {}) {
  const words = [...before, "explore", "--port", "0", "--no-open", ...options];
  const child = spawn(command, words, { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`dyvms explore ended with ${code}`)));
  });
  const index = await (await fetch(url)).text();
  const [, token] = index.match(/name="dyvms-token" content="([0-9a-f]+)"/);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    return ended;
  };
  return { url, token, stop };
}

module.exports = { command, environment, explore, packages, root };
