const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');
const test = require('node:test');

const Client = require('@alicloud/pop-core');

// The application: rings an engineer. The code of the answer; none where a phone may be ringing without one.
async function alert(client, number) {
  try {
    const request = { CalledNumber: number, TtsCode: 'TTS_10001' };
    return (await client.request('SingleCallByTts', request, { method: 'POST' })).Code;
  } catch (error) {
    if (error.data) return error.data.Code;
    return null;
  }
}

// `dyvms emulator`; the variable DYVMS says where the command is.
async function withEmulator(work) {
  const options = ['emulator', '--rules', `${__dirname}/rules.json`];
  const emulator = spawn(process.env.DYVMS ?? 'dyvms', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [url] = await once(createInterface(emulator.stdout), 'line');
    await work(url);
  } finally {
    emulator.kill();
  }
}

for (const [name, number, code, dials] of [
  ['rings once', '13000000000', 'OK', 1],
  ['a limit is told', '13000000001', 'isv.BUSINESS_LIMIT_CONTROL', 0],
  ['a lost answer rings once', '13000000002', null, 1],
]) {
  test(name, () => withEmulator(async (url) => {
    const key = { accessKeyId: 'testid', accessKeySecret: 'testsecret' };
    const client = new Client({ endpoint: url, apiVersion: '2017-05-25', ...key });
    assert.strictEqual(await alert(client, number), code);
    const answer = await fetch(`${url}/_emulator/dials?called=${number}`);
    assert.strictEqual((await answer.json()).count, dials);
  }));
}
