"""compare.py RUN "total N tokens in S s = R tok/s" TRY: is runexp's aggregate within 5 % of the independent client's?"""
import json, pathlib, re, sys

cell = next(iter(json.loads((pathlib.Path(sys.argv[1]) / "summary.json").read_text())["cells"].values()))
ours = cell["estimates"]["output_throughput"]["estimate"]["value"]
theirs = float(re.search(r"= ([\d.]+) tok/s", sys.argv[2]).group(1))
difference = ours / theirs - 1
word = "within" if abs(difference) <= 0.05 else "NOT within"
print(f"try {sys.argv[3]}: runexp {ours:.1f} tok/s, independent client {theirs:.1f} tok/s, {difference:+.1%}: {word} 5 %")
