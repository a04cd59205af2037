"""Starts the emulator, drives the official clients against it, and holds what they report against what it did.

check.py PACKAGES CLIENTS: PACKAGES is the folder of the installed packages. Ends with status 1 on any difference.
"""

import collections
import json
import pathlib
import subprocess
import sys

import specification

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = pathlib.Path(sys.argv[1]).resolve()
ERRORS_AT_LEAST = 20


class Emulator:
    """The example `official` of the emulator, until its standard input ends."""

    def __init__(self):
        command = ["cargo", "run", "--quiet", "--locked", "-p", "aliyun-emulator", "--example", "official"]
        self.process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            sys.exit("the emulator did not start")

    def stop(self):
        """What it received, by request id."""
        output, _ = self.process.communicate()
        return {request["request_id"]: request for request in map(json.loads, output.splitlines())}


def drive(command):
    """The reports of a driver. One that fails has reported what it did before."""
    run = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, text=True, timeout=600)
    reports = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode != 0 or not reports:
        reports.append({"client": " ".join(map(str, command[1:3])), "check": "ends", "failed": f"status {run.returncode}"})
    return reports


def node_requests():
    known = {operation.action: operation for operation in specification.operations()}
    requests = []
    for action in [*specification.DOZEN, "IvrCall"]:
        operation = known[action]
        name, values = operation.requests()[0]
        requests.append({"action": action, "name": name, "query": operation.texts(values), "answer": operation.answer()})
    return json.dumps(requests)


def differences(report, received):
    """What is wrong with one report."""
    if "failed" in report:
        return [report["failed"]]
    request = received.get(report["request_id"])
    if request is None:
        return [f"the emulator knows no request id {report['request_id']}: {report.get('text')}"]
    found = []
    if "expected" in report:
        reported = report.get("reported") or report["expected"]
        if request["refusal"] != report["expected"]:
            found.append(f"the emulator refused with {request['refusal']} and not {report['expected']}")
        if report["code"] != reported:
            found.append(f"the client reports {report['code']} and not {reported}")
        if report.get("expected_exception") not in (None, report["exception"]):
            found.append(f"the client raised {report['exception']} and not {report['expected_exception']}")
        if report.get("expected_retry_after") != report.get("retry_after"):
            found.append(f"the client waits {report['retry_after']} ms and not {report['expected_retry_after']}")
        return found
    if request["refusal"] is not None:
        found.append(f"the emulator refused with {request['refusal']}")
    if report.get("action") not in (None, request["action"]):
        found.append(f"the emulator read the action {request['action']}")
    if str(report["code"]) not in specification.SUCCESS and report.get("equal") is not True:
        found.append(f"the code is {report['code']}")
    if report.get("equal") is False:
        mine, example = report["difference"]
        found.append(f"the client read {json.dumps(mine, ensure_ascii=False)}, the example is {json.dumps(example, ensure_ascii=False)}")
    if request["warnings"]:
        found.append(f"the emulator warns: {request['warnings']}")
    return found


def main():
    emulator = Emulator()
    python = PACKAGES / "venv/bin/python"
    node = ["node", "node.cjs", emulator.address]
    commands = [
        [python, "typed.py", emulator.address, "v3"],
        [python, "typed.py", emulator.address, "v1"],
        [python, "classic.py", emulator.address],
        *([*node, kind, PACKAGES, node_requests()] for kind in ("v3", "v1", "pop")),
    ]
    reports = [report for command in commands for report in drive(command)]
    received = emulator.stop()

    counts = collections.defaultdict(collections.Counter)
    operations = collections.defaultdict(set)
    codes = set()
    faults = 0
    for report in reports:
        client = report["client"]
        wrong = differences(report, received)
        for difference in wrong:
            faults += 1
            print(f"DIFFERENT {client}, {report['check']}: {difference}")
        if wrong:
            continue
        if "expected" in report:
            counts[client]["errors"] += 1
            codes.add(report["expected"])
            if report.get("reported"):
                print(f"{client}, {report['check']}: reports {report['reported']} for {report['expected']} by a rule of its own")
        else:
            counts[client]["calls"] += 1
            counts[client]["equal"] += report.get("equal") is True
            operations[client].add(report.get("action"))

    every = {operation.action for operation in specification.operations()}
    for client, count in counts.items():
        of = len(operations[client] & every)
        print(
            f"{client}: {count['calls']} calls of {of} operations accepted, {count['equal']} answers as in the example, "
            f"{count['errors']} provoked errors reported with the emulator's code"
        )
        if client.startswith("python typed"):
            for action in sorted(every - operations[client]):
                faults += 1
                print(f"DIFFERENT {client}, {action}: no call of it was accepted")
    errors = sum(count["errors"] for count in counts.values())
    if errors < ERRORS_AT_LEAST:
        faults += 1
        print(f"DIFFERENT: {errors} provoked errors are fewer than {ERRORS_AT_LEAST}")
    print(f"{errors} provoked errors with {len(codes)} codes, {faults} differences")
    passed = sum(count["calls"] + count["errors"] for count in counts.values())
    print(f"{passed} passed, {faults} failed")
    return 1 if faults or not passed else 0


sys.exit(main())
