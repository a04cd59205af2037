"""Calls the gateway with the generated client: client.py FOLDER URL TOKEN. Prints what it got as JSON."""

import json
import sys

folder, url, token = sys.argv[1:]
sys.path.insert(0, folder)

from client import Client
from client.api.call import single_call_by_tts
from client.api.robot import query_robot_task_call_list
from client.models import QueryRobotTaskCallListRequest, SingleCallByTtsRequest

client = Client(base_url=f"{url}/emulator", headers={"X-Dyvms-Token": token})
request = QueryRobotTaskCallListRequest(task_id="1045001", page_no=1, page_size=20)
response = query_robot_task_call_list.sync(client=client, body=request)
request = SingleCallByTtsRequest(called_number="1300000000a", tts_code="TTS_10001")
problem = single_call_by_tts.sync(client=client, body=request)
print(json.dumps({"calls": [call.call_id for call in response.data], "problem": problem.to_dict()}))
