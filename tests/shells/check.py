"""Completes command lines of dyvms in shells, at a terminal, and holds what is on the line then against what is expected.

check.py DYVMS: DYVMS is the program. Ends with status 1 at the first difference.
"""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import tree_sitter
import tree_sitter_powershell

DYVMS = pathlib.Path(sys.argv[1]).resolve()
SECONDS = 60

# How each shell starts without the files of the user, and loads the script as `dyvms completions --help` says.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(dyvms completions bash)"),
    "zsh": (["zsh", "-f", "-i"], "source <(dyvms completions zsh)"),
    "fish": (["fish", "--no-config", "-i"], "dyvms completions fish | source"),
}
# Or zsh finds the script in a folder.
IN_FOLDER = "mkdir f; dyvms completions zsh >f/_dyvms; fpath=(~/f $fpath); autoload -Uz compinit; compinit"
# Tab inserts the first candidate, and further ones in turn. In fish it opens a list instead.
IN_TURN = {"bash": "bind 'TAB: menu-complete'", "zsh": "setopt menu_complete"}

# A line before Tab, and its last word after it. A candidate that is whole is followed by a space.
ONE = [
    ("dyvms doct", "doctor", True),
    ("dyvms call CancelC", "CancelCall", True),
    ("dyvms --lang zh call CancelC", "CancelCall", True),
    ("dyvms --lang z", "zh", True),
    ("dyvms export QueryRobotTaskCallL", "QueryRobotTaskCallList", True),
    ("dyvms describe CallStatusC", "CallStatusCode", True),
    ("dyvms call CancelCall --CallI", "--CallId", True),
    ("dyvms call CancelCall --call-i", "--call-id", True),
    ("dyvms explain isv.BUSINESS_LIMIT_C", "isv.BUSINESS_LIMIT_CONTROL", True),
    ("dyvms configure use wo", "work", True),
    ("dyvms call CancelCall --profile wo", "work", True),
    ("dyvms configure use two", "two words", True),
    ("dyvms configure use ni", "night:2", True),
    ("dyvms configure use night:", "night:2", True),
    ("dyvms export QueryRobotTaskCallList --out my", "my calls.csv", True),
    ("dyvms call CancelCall --profile=wo", "--profile=work", True),
    ("dyvms --lang=zh call CancelC", "CancelCall", True),
    ("dyvms configure set work access_key_i", "access_key_id=", False),
    ("dyvms export QueryRobotTaskCallList --out ca", "calls.csv", True),
    ("dyvms call QueryRobotTaskCallList --params pa", "params.json", True),
    ("dyvms emulator --rules pa", "params.json", True),
    ("dyvms man fol", "folder/", False),
    ("dyvms --spec fol", "folder/", False),
    # Nothing is offered in a line that is wrong.
    ("dyvms call Nothing --x", "--x", False),
]
# A line before Tab, and all candidates for its last word.
ALL = [
    ("dyvms call QueryRobotTaskCallList --HangupDirection ", ["0", "1"]),
    ("dyvms call QueryRobotTaskCallList --HangupDirection=", ["--HangupDirection=0", "--HangupDirection=1"]),
    ("dyvms configure use w", ["work", "web"]),
    ("dyvms call QueryRobotTaskList -o ", ["table", "json", "jsonl", "csv", "yaml"]),
]
# A line with a command in it, which is only run if the line is.
COMMAND = 'dyvms call QueryRobotTaskCallList --TaskId "$(touch run)" --HangupDirection '


def fail(message):
    sys.exit(f"shells: {message}")


class Terminal:
    """A shell with a terminal of its own."""

    def __init__(self, shell, home, environment, load=None):
        self.shell = shell
        command, usual = SHELLS[shell]
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(home)
            os.execvpe(command[0], command, environment)
        self.shown = ""
        self.run(load or usual)

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait_for(self, pattern):
        """The first match on the screen of what was shown since the last one."""
        end = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.shown, re.DOTALL)):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                fail(f"{self.shell}: {pattern} is not in {self.shown!r}")
            self.shown += os.read(self.terminal, 4096).decode(errors="replace")
        self.shown = self.shown[found.end() :]
        return found

    def run(self, line):
        """Runs a command that is expected to say nothing."""
        self.type(f"{line}; printf '%s%s\\n' do ne\r")
        said = self.wait_for(r"done\r?\n").string
        if "rror" in said or "not found" in said:
            fail(f"{self.shell}: {line}: {said!r}")

    def completed(self, line, tabs=1):
        """The words of a line after Tab, the last one with what is typed then."""
        # The line becomes the arguments of printf, which shows them as the shell reads them.
        self.type(line + "\t" * tabs + "END" + "\x01" + "printf '<%s>' " + "\r")
        words = self.wait_for(r"<dyvms>(?:<[^<>]*>)*?<[^<>]*END>").group()
        return words.removeprefix("<").removesuffix(">").split("><")

    def end(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


def check_one(terminal):
    for line, word, is_whole in ONE:
        words = terminal.completed(line)
        expected = [*line.split()[:-1], *([word, "END"] if is_whole else [word + "END"])]
        if words != expected:
            fail(f"{terminal.shell}: {line!r} becomes {words}, expected {expected}")


def check_in_turn(terminal, line, candidates):
    typed = line.rpartition(" ")[2]
    # After the last one, bash shows what was typed, and zsh the first one.
    expected = [*candidates, typed if terminal.shell == "bash" else candidates[0]]
    for number, candidate in enumerate(expected, 1):
        last = "".join(terminal.completed(line, number)[len(line.split()) - bool(typed) :]).removesuffix("END")
        if last != candidate:
            fail(f"{terminal.shell}: {line!r} and {number} times Tab: {last!r}, expected {candidate!r}")


def check_list(environment, home, line, candidates):
    """The candidates with their descriptions, as fish itself says them."""
    script = f"dyvms completions fish | source; complete --do-complete {quoted(line)}"
    run = subprocess.run(
        ["fish", "--no-config", "-c", script], cwd=home, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    offered = [answer.split("\t")[0] for answer in run.stdout.splitlines()]
    if (offered, run.stderr) != (candidates, ""):
        fail(f"fish: {line!r} offers {offered} {run.stderr}, expected {candidates}")


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def check_syntax():
    """Of the script for PowerShell, which Debian does not have, only the syntax is checked."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    script = subprocess.run([DYVMS, "completions", "powershell"], capture_output=True, check=True).stdout
    if not script or parser.parse(script).root_node.has_error:
        fail("the script for PowerShell is not valid")
    # The check can fail.
    if not parser.parse(script.rstrip().rstrip(b";}")).root_node.has_error:
        fail("the check of the syntax of PowerShell finds nothing")


def main():
    missing = [shell for shell in SHELLS if shutil.which(shell) is None]
    if missing:
        fail(f"missing: {' '.join(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        (home / ".aliyun").mkdir()
        (home / "folder").mkdir()
        for name in ["calls.csv", "my calls.csv", "params.json"]:
            (home / name).touch()
        names = ["work", "web", "two words", "night:2"]
        profiles = [{"name": name, "mode": "AK", "access_key_id": "testid", "access_key_secret": "testsecret"} for name in names]
        (home / ".aliyun/config.json").write_text(json.dumps({"profiles": profiles}))
        environment = {
            "HOME": folder,
            "LANG": "C.UTF-8",
            "PATH": f"{DYVMS.parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm",
        }
        for shell in SHELLS:
            terminal = Terminal(shell, folder, environment)
            check_one(terminal)
            if shell in IN_TURN:
                terminal.run(IN_TURN[shell])
            for line, candidates in ALL:
                if shell in IN_TURN:
                    check_in_turn(terminal, line, candidates)
                else:
                    check_list(environment, folder, line, candidates)
            # Tab, then the line is removed.
            terminal.type(COMMAND + "\t\x15")
            terminal.run("true")
            if (home / "run").exists():
                fail(f"{shell}: completing a line runs a command in it")
            terminal.end()
            print(f"{shell}: {len(ONE) + len(ALL) + 1} lines are completed as expected")
        terminal = Terminal("zsh", folder, environment, IN_FOLDER)
        check_one(terminal)
        terminal.end()
    check_syntax()
    print("powershell: the script is valid")


main()
