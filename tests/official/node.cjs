// Drives the official Node clients: node.cjs ADDRESS pop|v3|v1 PACKAGES REQUESTS
// REQUESTS is JSON: [{ action, name, query, answer }].
'use strict';

for (const name of Object.keys(process.env)) if (/^(https?|no|all)_proxy$/i.test(name)) delete process.env[name];

const [, , address, kind, packages, requests] = process.argv;
const { createRequire } = require('module');
const load = createRequire(`${packages}/`);
const Pop = load('@alicloud/pop-core');
// The instance that pop-core itself loads.
const Kitx = createRequire(load.resolve('@alicloud/pop-core'))('kitx');
const OpenApi = load('@alicloud/openapi-client');
const OpenApiUtil = load('@alicloud/openapi-util').default;
const TeaUtil = load('@alicloud/tea-util');
const { isDeepStrictEqual } = require('util');

const CLIENT = kind === 'pop' ? 'node pop-core v1' : `node openapi-client ${kind}`;
const report = (members) => console.log(JSON.stringify({ client: CLIENT, ...members }));

async function call({ action = 'QueryRobotTaskCallList', query = { TaskId: '1045001' }, version = '2017-05-25', method = 'POST', form, id = 'testid', secret = 'testsecret', token } = {}) {
  if (kind === 'pop') {
    const client = new Pop({ accessKeyId: id, accessKeySecret: secret, securityToken: token, endpoint: address, apiVersion: version });
    return client.request(action, form || query, { method });
  }
  const [protocol, endpoint] = address.split('://');
  const signatureAlgorithm = kind === 'v1' ? 'v2' : undefined;
  const config = new OpenApi.Config({ accessKeyId: id, accessKeySecret: secret, securityToken: token, endpoint, protocol, signatureAlgorithm });
  const params = new OpenApi.Params({ action, version, protocol, pathname: '/', method, authType: 'AK', style: 'RPC', reqBodyType: 'formData', bodyType: 'json' });
  const request = new OpenApi.OpenApiRequest({ query: form ? {} : OpenApiUtil.query(query), body: form });
  const answer = await new OpenApi.default(config).callApi(params, request, new TeaUtil.RuntimeOptions({}));
  return answer.body;
}

// JSON texts opened, the request id and what is null left out.
function plain(value, depth = 0) {
  if (typeof value === 'string' && /^[[{]/.test(value)) {
    try { return plain(JSON.parse(value), depth); } catch { return value; }
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([name, inner]) => inner !== null && !(depth === 0 && name === 'RequestId'));
  return Object.fromEntries(kept.map(([name, inner]) => [name, plain(inner, depth + 1)]));
}

async function accept(check, options, answer = null, action = undefined) {
  try {
    const found = JSON.parse(JSON.stringify(await call(options)));
    const equal = answer === null ? null : isDeepStrictEqual(plain(found), plain(answer));
    const difference = equal === false ? [plain(found), plain(answer)] : null;
    report({ check, action, code: String(found.Code), request_id: found.RequestId, equal, difference });
  } catch (error) {
    report({ check, failed: `${error.name}: ${error.message}` });
  }
}

async function provoke(check, expected, options) {
  try {
    await call(options);
    report({ check, failed: 'it was accepted' });
  } catch (error) {
    report({ check, expected, code: error.code, request_id: error.data && error.data.RequestId, exception: error.name, text: error.message });
  }
}

async function patched(object, name, value, work) {
  const original = object[name];
  object[name] = () => value;
  try { await work(); } finally { object[name] = original; }
}

(async () => {
  for (const { action, name, query, answer } of JSON.parse(requests)) {
    await accept(`${action}, POST: ${name}`, { action, query }, answer, action);
    await accept(`${action}, GET: ${name}`, { action, query, method: 'GET' }, answer, action);
  }
  if (kind !== 'pop') await accept('form', { form: { TaskId: '1045001', PageSize: 1 } });
  const fresh = 'a token/+== of STS.fresh';
  await provoke('wrong secret', 'SignatureDoesNotMatch', { secret: 'another' });
  await provoke('unknown key', 'InvalidAccessKeyId.NotFound', { id: 'nobody' });
  await provoke('inactive key', 'InvalidAccessKeyId.Inactive', { id: 'inactive' });
  await accept('token', { id: 'STS.fresh', token: fresh });
  await provoke('wrong token', 'InvalidSecurityToken.Malformed', { id: 'STS.fresh', token: 'another' });
  await provoke('token of another key', 'InvalidSecurityToken.MismatchWithAccessKey', { token: fresh });
  await provoke('expired token', 'InvalidSecurityToken.Expired', { id: 'STS.expired', token: 'a token of STS.expired' });
  await provoke('unknown action', 'InvalidApi.NotFound', { action: 'QueryNothing' });
  await provoke('unknown version', 'InvalidVersion', { version: '2017-05-26' });
  await provoke('missing parameter', 'MissingCalledNumber', { action: 'SingleCallByTts', query: { TtsCode: 'TTS_10001' } });
  await provoke('wrong type', 'InvalidPageSize', { query: { TaskId: '1045001', PageSize: 'many' } });
  await provoke('throttled', 'Throttling.User', { query: { TaskId: 'throttled' } });
  await provoke('failed', 'InternalError', { query: { TaskId: 'failed' } });
  const [place, nonce] = kind === 'pop' ? [Kitx, 'makeNonce'] : [TeaUtil.default, 'getNonce'];
  await patched(place, nonce, `used twice by ${CLIENT}`, async () => {
    await accept('first nonce', {});
    await provoke('used nonce', 'SignatureNonceUsed', {});
  });
  if (kind !== 'pop') {
    await patched(OpenApiUtil, 'getTimestamp', '2020-01-01T00:00:00Z', () => provoke('expired time stamp', 'InvalidTimeStamp.Expired', {}));
  }
})();
