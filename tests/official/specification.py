"""What the drivers need of the specification: operations, their example requests and the answers of the emulator."""

import json
import os
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "api-spec/services/dyvmsapi-2017-05-25"
VERSION = "2017-05-25"
SUCCESS = ("OK", "200")

# What the clients that take parameters by name are tried on.
DOZEN = [
    "SingleCallByTts",
    "SingleCallByVoice",
    "SmartCall",
    "CancelCall",
    "QueryCallDetailByCallId",
    "QueryCallDetailByTaskId",
    "QueryRobotTaskCallList",
    "CreateRobotTask",
    "QueryRobotInfoList",
    "CloudCreateQueue",
    "ClinkListClients",
    "ListCallTask",
    "QueryVirtualNumberRelation",
]


class Operation:
    def __init__(self, document):
        self.action = document["action"]
        self.parameters = document.get("parameters", {})
        self.examples = document.get("examples", [])

    def requests(self):
        """Name and request of each example."""
        return [(example["name"], example["request"]) for example in self.examples if "request" in example]

    def answer(self):
        """What the emulator answers: the first example that shows a success."""
        for example in self.examples:
            answer = example.get("response")
            if answer is not None and is_success(answer):
                return answer
        return None

    def text(self, name, value):
        """A value as it travels where no model says otherwise: structures are texts, but for lists that are flattened."""
        style = self.parameters.get(name, {}).get("style")
        if not isinstance(value, (dict, list)):
            return value
        if style == "simple":
            return ",".join(str(item) for item in value)
        if style == "flat":
            return [{k: compact(v) for k, v in item.items()} if isinstance(item, dict) else item for item in value]
        return compact(value)

    def texts(self, request):
        return {name: self.text(name, value) for name, value in request.items()}


def compact(value):
    if not isinstance(value, (dict, list)):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_success(answer):
    code, flag = answer.get("Code"), answer.get("Success")
    return (code is None or str(code) in SUCCESS) and str(flag).lower() != "false"


def operations():
    files = sorted((FOLDER / "operations").glob("*.json"))
    return [Operation(json.loads(file.read_text(encoding="utf-8"))) for file in files]


def flattened(parameters):
    """For clients that flatten nothing themselves."""
    flat = {}
    for name, value in parameters.items():
        if isinstance(value, list):
            for index, item in enumerate(value, 1):
                flat |= {f"{name}.{index}.{key}": inner for key, inner in item.items()}
        else:
            flat[name] = value
    return flat


def plain(value):
    """A value with what the models write in two ways written in one: JSON texts opened, what is null left out."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return plain(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def without_request_id(answer):
    return {name: value for name, value in answer.items() if name != "RequestId"}


def report(**members):
    """One line of a driver's output."""
    print(json.dumps(members, ensure_ascii=False), flush=True)


def without_proxies():
    """The clients obey proxies and not NO_PROXY."""
    for name in list(os.environ):
        if name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            del os.environ[name]
