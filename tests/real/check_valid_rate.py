"""check_valid_rate.py RUN: replies that missed `expect` lower valid_rate and stay out of goodput."""
import json, pathlib, sys

run = pathlib.Path(sys.argv[1])
requests = [json.loads(line) for line in (run / "requests.jsonl").read_text().splitlines()]
missed = sum(1 for request in requests if request["unexpected"])
good = sum(1 for request in requests if request["outcome"]["kind"] == "success" and not request["unexpected"])
cell = next(iter(json.loads((run / "summary.json").read_text())["cells"].values()))
values = {name: value.get("estimate", {}).get("value") for name, value in cell["estimates"].items()}
print(f"{len(requests)} requests, {missed} missed, valid_rate {values['valid_rate']}, "
      f"goodput {values['goodput']}, attainment {values['attainment']}")
assert 0 < missed < len(requests), "this model should miss sometimes and hit sometimes"
assert abs(values["valid_rate"] - (1 - missed / len(requests))) < 1e-9
assert abs(values["attainment"] - good / len(requests)) < 1e-9
