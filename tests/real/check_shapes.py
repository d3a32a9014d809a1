"""Whether replies of other shapes were taken for what they are: check_shapes.py RUN

Every reply of the run succeeded, the cells count, and each phase shows what is
special about it.
"""
import collections
import json
import pathlib
import sys

run = pathlib.Path(sys.argv[1])
requests = [json.loads(line) for line in (run / "requests.jsonl").open()]
summary = json.loads((run / "summary.json").read_text())
by_phase = collections.defaultdict(list)
for request in requests:
    by_phase[request["cell"]["cell"].split("/")[1]].append(request)


def events(request):
    chunks = request["chunks"]
    return sum(chunks.get("events") or [1] * len(chunks["gaps_ns"]))


for phase, replies in by_phase.items():
    outcomes = collections.Counter(reply["outcome"]["kind"] for reply in replies)
    assert outcomes == {"success": len(replies)}, (phase, outcomes)
    counted = sum(reply["usage"]["output_tokens"] or 0 for reply in replies)
    print(f"{phase}: {len(replies)} replies, {counted} tokens by the server's count, {sum(map(events, replies))} events")

assert all(reply["calls_tool"] for reply in by_phase["tools"])
assert all(reply["usage"]["source"] == "server" for reply in by_phase["tools"] + by_phase["rare"])
# Each of these letters takes several tokens, so that there are fewer events.
assert all(events(reply) < reply["usage"]["output_tokens"] for reply in by_phase["rare"])
# The server counts one choice of two: what arrived is told by events.
assert all(reply["choices"] == 2 and reply["usage"]["source"] == "events" for reply in by_phase["choices"])
remarks = (run / "summary.md").read_text()
assert "replies hold several choices" in remarks
for name, cell in summary["cells"].items():
    for repetition in cell["repetitions"]:
        broken = [reason["rule"] for reason in repetition["validity"].get("reasons", [])]
        assert set(broken) <= {"cpu_contended", "cpu_short", "driver_stalled"}, (name, broken)
        print(f"{name}: {broken or 'valid'}")
