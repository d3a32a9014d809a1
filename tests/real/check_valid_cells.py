"""check_valid_cells.py SHARE RUN…: at least SHARE % of what was measured counts, and what does not says why.

A repetition that was measured again counts by its last try. One may only be lost to a circumstance, which another try may be spared (see
`runexp explain validity`), never to an outcome: a server that serves well gives no cause for one.
"""
import json, pathlib, sys

CIRCUMSTANCES = {"not_complete", "late_schedule", "driver_stalled", "cpu_short", "clock_stepped", "foreign_process"}
share, runs = float(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
valid, lost, wrong = 0, 0, 0
for run in runs:
    cells = json.loads((run / "summary.json").read_text())["cells"]
    assert cells, f"{run} has no cells"
    for name, cell in cells.items():
        last = {repetition["block"]: repetition["validity"] for repetition in cell["repetitions"]}
        assert last, f"{name} was not measured"
        for block, validity in last.items():
            if validity["state"] == "valid":
                valid += 1
                continue
            lost += 1
            for reason in validity["reasons"]:
                circumstance = reason["rule"] in CIRCUMSTANCES
                wrong += not circumstance
                print(f"{name}, block {block}: {reason['rule']}: {reason['text']}{'' if circumstance else '  NO DISTURBANCE'}")
        throughput = cell["estimates"]["output_throughput"].get("estimate", {}).get("value")
        print(f"{name}: {sum(validity['state'] == 'valid' for validity in last.values())} of {len(last)} count, "
              f"{'no figure' if throughput is None else f'{throughput:.1f} tok/s'}")
print(f"{valid} of {valid + lost} measurements count, {100 * valid / (valid + lost):.1f} %, gate {share:g} %")
sys.exit(wrong > 0 or 100 * valid / (valid + lost) < share)
