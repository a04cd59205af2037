"""Drives the classic Python core, which signs with V1: classic.py ADDRESS"""

import json
import logging
import sys
from unittest import mock

import specification
from specification import VERSION, flattened, plain, report, without_request_id

specification.without_proxies()
logging.disable(logging.CRITICAL)

from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest, RpcRequest
from aliyunsdkcore.utils import parameter_helper

HOST = sys.argv[1].removeprefix("http://")
CLIENT = "python classic v1"


def call(action="QueryRobotTaskCallList", query=None, form=None, method="GET", version=VERSION, rpc=False, **key):
    if rpc:
        request = RpcRequest("Dyvmsapi", version, action)
        request.set_endpoint(HOST)
    else:
        request = CommonRequest(domain=HOST, version=version, action_name=action)
    request.set_protocol_type("http")
    request.set_method(method)
    for name, value in ({"TaskId": "1045001"} if query is None else query).items():
        request.add_query_param(name, value)
    for name, value in (form or {}).items():
        request.add_body_params(name, value)
    key = {"id": "testid", "secret": "testsecret", "token": None, **key}
    if key["token"]:
        client = AcsClient(
            credential=StsTokenCredential(key["id"], key["secret"], key["token"]), region_id="cn-hangzhou", auto_retry=False
        )
    else:
        client = AcsClient(key["id"], key["secret"], region_id="cn-hangzhou", auto_retry=False)
    return json.loads(client.do_action_with_exception(request))


def accept(check, attempt, operation=None):
    try:
        answer = attempt()
    except Exception as error:
        report(client=CLIENT, check=check, failed=f"{type(error).__name__}: {error}")
        return
    compared = operation is not None
    expected = plain(without_request_id(operation.answer())) if compared else None
    found = plain(without_request_id(answer))
    equal = found == expected if compared else None
    report(
        client=CLIENT,
        check=check,
        action=operation.action if operation else None,
        code=answer["Code"],
        request_id=answer["RequestId"],
        equal=equal,
        difference=None if equal is not False else [found, expected],
    )


def provoke(check, expected, attempt, reported=None):
    try:
        attempt()
    except (ClientException, ServerException) as error:
        report(
            client=CLIENT,
            check=check,
            expected=expected,
            reported=reported,
            code=error.get_error_code(),
            request_id=getattr(error, "request_id", None),
            exception=type(error).__name__,
            text=str(error),
        )
    except Exception as error:
        report(client=CLIENT, check=check, failed=f"{type(error).__name__}: {error}")
    else:
        report(client=CLIENT, check=check, failed="it was accepted")


def call_a_dozen():
    known = {operation.action: operation for operation in specification.operations()}
    for action in specification.DOZEN:
        operation = known[action]
        name, values = operation.requests()[0]
        texts = flattened(operation.texts(values))
        for method in ("GET", "POST"):
            accept(f"{action}, {method}: {name}", lambda: call(action, texts, method=method), operation)
        accept(f"{action}, form: {name}", lambda: call(action, {}, texts, "POST"), operation)


def provoke_errors():
    provoke("wrong secret", "SignatureDoesNotMatch", lambda: call(secret="another"))
    # This one recognises its own string to sign in the refusal and concludes that the secret is wrong.
    provoke(
        "wrong secret of an RPC request",
        "SignatureDoesNotMatch",
        lambda: call(secret="another", rpc=True),
        reported="InvalidAccessKeySecret",
    )
    provoke("unknown key", "InvalidAccessKeyId.NotFound", lambda: call(id="nobody"))
    provoke("inactive key", "InvalidAccessKeyId.Inactive", lambda: call(id="inactive"))
    fresh = "a token/+== of STS.fresh"
    accept("token", lambda: call(id="STS.fresh", token=fresh))
    provoke("wrong token", "InvalidSecurityToken.Malformed", lambda: call(id="STS.fresh", token="another"))
    provoke(
        "expired token", "InvalidSecurityToken.Expired", lambda: call(id="STS.expired", token="a token of STS.expired")
    )
    provoke("unknown action", "InvalidApi.NotFound", lambda: call(action="QueryNothing"))
    provoke("unknown version", "InvalidVersion", lambda: call(version="2017-05-26"))
    provoke("missing parameter", "MissingCalledNumber", lambda: call("SingleCallByTts", {"TtsCode": "TTS_10001"}))
    provoke("wrong type", "InvalidPageSize", lambda: call(query={"TaskId": "1045001", "PageSize": "many"}))
    provoke("throttled", "Throttling.User", lambda: call(query={"TaskId": "throttled"}))
    provoke("failed", "InternalError", lambda: call(query={"TaskId": "failed"}))
    with mock.patch.object(parameter_helper, "get_iso_8061_date", lambda: "2020-01-01T00:00:00Z"):
        provoke("expired time stamp", "InvalidTimeStamp.Expired", call)
    with mock.patch.object(parameter_helper, "get_uuid", lambda: "used twice by the classic core"):
        accept("first nonce", call)
        provoke("used nonce", "SignatureNonceUsed", call)


call_a_dozen()
provoke_errors()
