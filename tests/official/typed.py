"""Drives the official typed Python client, with signature V3 or V1: typed.py ADDRESS v3|v1"""

import contextlib
import sys
import typing

import specification
from specification import VERSION, plain, report, without_request_id

specification.without_proxies()

from alibabacloud_dyvmsapi20170525 import models
from alibabacloud_dyvmsapi20170525.client import Client
from alibabacloud_tea_openapi import utils_models
from alibabacloud_tea_openapi.utils import Utils
from darabonba.runtime import RuntimeOptions

ADDRESS, SIGNATURE = sys.argv[1:]
CLIENT = f"python typed {SIGNATURE}"


def client(key="testid", secret="testsecret", token=None):
    config = utils_models.Config(
        access_key_id=key,
        access_key_secret=secret,
        security_token=token,
        endpoint=ADDRESS.removeprefix("http://"),
        protocol="HTTP",
    )
    if SIGNATURE == "v1":
        config.signature_algorithm = "v2"
    return Client(config)


METHODS = {name.removesuffix("_with_options"): name for name in dir(Client) if name.endswith("_with_options")}
METHODS = {name.replace("_", ""): method for name, method in METHODS.items()}


def typed_request(operation, values):
    """The request model, filled as a user of the model would."""
    model = getattr(models, f"{operation.action}Request")
    hints = typing.get_type_hints(model.__init__, {**vars(typing), "main_models": models, **vars(models)})
    hints = {member.replace("_", ""): hint for member, hint in hints.items()}
    filled = {}
    for name, value in values.items():
        structured = hints[name.lower()] is not str
        style = operation.parameters[name].get("style")
        filled[name] = value if structured and style != "flat" else operation.text(name, value)
    request = model()
    request.from_map(filled)
    return request


def call_all():
    caller, options = client(), RuntimeOptions()
    for operation in specification.operations():
        method = getattr(caller, METHODS[operation.action.lower()])
        body = getattr(models, f"{operation.action}ResponseBody")
        for name, values in operation.requests():
            check = f"{operation.action}: {name}"
            try:
                response = method(typed_request(operation, values), options)
            except Exception as error:
                report(client=CLIENT, check=check, failed=f"{type(error).__name__}: {error}")
                continue
            answer = response.body.to_map()
            found = plain(without_request_id(answer))
            expected = plain(without_request_id(body().from_map(operation.answer()).to_map()))
            equal = found == expected
            report(
                client=CLIENT,
                check=check,
                action=operation.action,
                code=answer.get("Code"),
                request_id=response.headers["x-acs-request-id"],
                equal=equal,
                difference=None if equal else [found, expected],
            )


def call(caller, action="QueryRobotTaskCallList", query=None, version=VERSION, method="POST", form=None):
    params = utils_models.Params(
        action=action,
        version=version,
        protocol="HTTP",
        pathname="/",
        method=method,
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    query = {"TaskId": "1045001"} if query is None else query
    return caller.call_api(params, utils_models.OpenApiRequest(query=query, body=form), RuntimeOptions())


def provoke(check, expected, attempt, exception="ClientException", retry_after=None):
    try:
        attempt()
    except Exception as error:
        error = getattr(error, "inner_exception", None) or error
        report(
            client=CLIENT,
            check=check,
            expected=expected,
            code=getattr(error, "code", None),
            request_id=getattr(error, "request_id", None) or (getattr(error, "data", None) or {}).get("RequestId"),
            exception=type(error).__name__,
            expected_exception=exception if SIGNATURE == "v3" else None,
            retry_after=getattr(error, "retry_after", None),
            expected_retry_after=retry_after,
            text=str(error),
        )
    else:
        report(client=CLIENT, check=check, failed="it was accepted")


def accept(check, attempt):
    try:
        body = attempt()["body"]
        report(client=CLIENT, check=check, code=body["Code"], request_id=body["RequestId"])
    except Exception as error:
        report(client=CLIENT, check=check, failed=f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def patched(name, function):
    original = getattr(Utils, name)
    setattr(Utils, name, staticmethod(function))
    try:
        yield
    finally:
        setattr(Utils, name, staticmethod(original))


def provoke_errors():
    good = client()
    typed = getattr(good, METHODS["singlecallbytts"])
    provoke("wrong secret", "SignatureDoesNotMatch", lambda: call(client(secret="another")))
    provoke("unknown key", "InvalidAccessKeyId.NotFound", lambda: call(client(key="nobody")))
    provoke("inactive key", "InvalidAccessKeyId.Inactive", lambda: call(client(key="inactive")))
    fresh = "a token/+== of STS.fresh"
    accept("token", lambda: call(client("STS.fresh", token=fresh)))
    accept("GET", lambda: call(good, method="GET"))
    accept("form", lambda: call(good, query={}, form={"TaskId": "1045001", "PageSize": 1}))
    provoke("no token", "MissingSecurityToken", lambda: call(client("STS.fresh")))
    provoke("wrong token", "InvalidSecurityToken.Malformed", lambda: call(client("STS.fresh", token="another")))
    provoke(
        "token of another key", "InvalidSecurityToken.MismatchWithAccessKey", lambda: call(client(token=fresh))
    )
    expired = client("STS.expired", token="a token of STS.expired")
    provoke("expired token", "InvalidSecurityToken.Expired", lambda: call(expired))
    provoke("unknown action", "InvalidApi.NotFound", lambda: call(good, action="QueryNothing"))
    provoke("unknown version", "InvalidVersion", lambda: call(good, version="2017-05-26"))
    provoke(
        "missing parameter",
        "MissingCalledNumber",
        lambda: typed(models.SingleCallByTtsRequest(tts_code="TTS_10001"), RuntimeOptions()),
    )
    provoke("wrong type", "InvalidPageSize", lambda: call(good, query={"TaskId": "1045001", "PageSize": "many"}))
    often = {"CalledNumber": "13000000000", "TtsCode": "TTS_10001", "PlayTimes": "99"}
    provoke("out of range", "InvalidPlayTimes", lambda: call(good, "SingleCallByTts", often))
    provoke("no JSON", "InvalidTtsParam", lambda: call(
        good, "SingleCallByTts", {"CalledNumber": "13000000000", "TtsCode": "TTS_10001", "TtsParam": "{"}
    ))
    provoke("unsupported method", "UnsupportedHTTPMethod", lambda: call(good, method="PUT"))
    throttled = {"TaskId": "throttled"}
    provoke("throttled", "Throttling.User", lambda: call(good, query=throttled), "ThrottlingException", 1500)
    provoke("failed", "InternalError", lambda: call(good, query={"TaskId": "failed"}), "ServerException")
    for check, timestamp, expected in [
        ("expired time stamp", "2020-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        ("malformed time stamp", "2020-01-01 00:00:00", "InvalidTimeStamp.Format"),
    ]:
        with patched("get_timestamp", lambda: timestamp):
            provoke(check, expected, lambda: call(good))
    with patched("get_nonce", lambda: f"used twice by {SIGNATURE}"):
        accept("first nonce", lambda: call(good))
        provoke("used nonce", "SignatureNonceUsed", lambda: call(good))
    if SIGNATURE == "v3":
        provoke("unknown format", "InvalidParameter.Format", lambda: call(good, query={"Format": "yaml"}))
        xml = {"Format": "XML"}
        provoke("unknown key, told in XML", "InvalidAccessKeyId.NotFound", lambda: call(client(key="nobody"), query=xml))
        failed = {"TaskId": "failed in XML"}
        provoke("failed, told in XML", "ServiceUnavailable", lambda: call(good, query=failed), "ServerException")
        hashed = Utils.hash
        with patched("hash", lambda body, algorithm: hashed(body + b"&Called=13000000000", algorithm)):
            provoke("tampered body", "SignatureDoesNotMatch", lambda: call(good, query={}, form={"TaskId": "1045001"}))
        sign = Utils.get_authorization
        for check, piece, other, expected in [
            ("host not signed", "host;", "", "IncompleteSignature"),
            ("another algorithm", "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "InvalidSignatureMethod"),
        ]:
            with patched("get_authorization", lambda *given: sign(*given).replace(piece, other)):
                provoke(check, expected, lambda: call(good))


call_all()
provoke_errors()
