import json
import os
import pathlib
import subprocess
import unittest
import urllib.request

from alibabacloud_dyvmsapi20170525.client import Client
from alibabacloud_dyvmsapi20170525.models import SingleCallByTtsRequest
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.exceptions import UnretryableException

RULES = pathlib.Path(__file__).with_name("rules.json")


def alert(client, number):
    """The application: rings an engineer. The code of the answer; none where a phone may be ringing without one."""
    try:
        return client.single_call_by_tts(SingleCallByTtsRequest(called_number=number, tts_code="TTS_10001")).body.code
    except UnretryableException:
        return None


class Emulator:
    """`dyvms emulator`; the variable DYVMS says where the command is."""

    def __enter__(self):
        command = [os.environ.get("DYVMS", "dyvms"), "emulator", "--rules", RULES]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    def client(self):
        endpoint = self.url.removeprefix("http://")
        key = {"access_key_id": "testid", "access_key_secret": "testsecret"}
        return Client(Config(endpoint=endpoint, protocol="HTTP", **key))

    def dials(self, number):
        with urllib.request.urlopen(f"{self.url}/_emulator/dials?called={number}") as answer:
            return json.load(answer)["count"]


class Alerting(unittest.TestCase):
    def check(self, number, code, dials):
        with Emulator() as emulator:
            self.assertEqual(alert(emulator.client(), number), code)
            self.assertEqual(emulator.dials(number), dials)

    def test_rings_once(self):
        self.check("13000000000", "OK", 1)

    def test_a_limit_is_told(self):
        self.check("13000000001", "isv.BUSINESS_LIMIT_CONTROL", 0)

    def test_a_lost_answer_rings_once(self):
        self.check("13000000002", None, 1)


if __name__ == "__main__":
    unittest.main()
