"""beside.py RUNEXP URL RESULTS [ollama]: is runexp's aggregate within 5 % of an independent client's on the same server, or of Ollama's within 15 %?

Three tries of two turns each: runexp and the other client one after the other, first one first, then the other, since this
machine's speed moves by several per cent from second to second, and replies are long to average over that. A try compares the geometric means of its turns. If the
ratio over all turns lies outside the gate, or its 90 % interval does, three more tries follow, and it fails if that still is so over all twelve turns: what
slows a machine for minutes makes the turns of a few tries depend on each other. Replies of Ollama end where the model ends them, so that turns differ more.
"""
import json, math, pathlib, re, subprocess, sys

runexp, url, results, *api = sys.argv[1:]
# The scenario, the other client, tokens a reply, and the gate.
KINDS = {
    (): ("cross_check.toml", ["cross_check.py", url + "/v1/chat/completions"], 1200, 0.05),
    ("ollama",): ("ollama/beside.toml", ["ollama/client.py", url], 48, 0.15),
}
SCENARIO, (CLIENT, ADDRESS), TOKENS, GATE = KINDS[tuple(api)]
INVALID = 4  # what runexp exits with where nothing valid was measured
again = []
here = pathlib.Path(__file__).parent


def ours():
    """A turn that runexp itself does not count, because this machine stood still or changed its pace under it, is taken again: ten in all."""
    command = [runexp, here / SCENARIO, "--quiet", "--results", results, "--set", f'vars.url="{url}"', "--set", f"vars.tokens={TOKENS}"]
    while True:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode not in (0, INVALID):
            sys.exit(f"runexp ended with {done.returncode}")
        cell = next(iter(json.loads((pathlib.Path(done.stdout.strip()) / "summary.json").read_text())["cells"].values()))
        if done.returncode == 0:
            return cell["estimates"]["output_throughput"]["estimate"]["value"]
        reasons = [reason["text"] for repetition in cell["repetitions"] for reason in repetition["validity"]["reasons"]]
        print("a turn does not count:", "; ".join(reasons), flush=True)
        again.append(reasons)
        if len(again) > 10:
            sys.exit("too many turns do not count")


def theirs():
    command = [sys.executable, here / CLIENT, ADDRESS, "3", str(TOKENS)]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r"= ([\d.]+) tok/s", text).group(1))


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def judged(pairs):
    logs = [math.log(a / b) for a, b in pairs]
    center = sum(logs) / len(logs)
    spread = math.sqrt(sum((log - center) ** 2 for log in logs) / (len(logs) - 1) / len(logs))
    t = {6: 2.015, 12: 1.796}[len(logs)]  # 90 %
    lower, upper = (math.exp(center + sign * t * spread) - 1 for sign in (-1, 1))
    ratio = math.exp(center)
    differ = abs(ratio - 1) > GATE or lower > GATE or upper < -GATE
    verdict = "differ by more than" if differ else "agree within" if -GATE <= lower and upper <= GATE else "not told apart from"
    print(f"all turns: ratio {ratio:.3f}, {ratio - 1:+.1%}, 90 % interval {lower:+.1%} to {upper:+.1%}: {verdict} {GATE:.0%}", flush=True)
    return not differ


pairs = []
for number in range(1, 7):
    turns = {ours: [], theirs: []}
    for turn in range(2):
        for client in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
            turns[client].append(client())
    pairs += zip(turns[ours], turns[theirs])
    difference = mean(turns[ours]) / mean(turns[theirs]) - 1
    print(f"try {number}: runexp {mean(turns[ours]):.1f} tok/s, independent client {mean(turns[theirs]):.1f} tok/s, {difference:+.1%}",
          "turns:", " ".join(f"{a:.0f}/{b:.0f}" for a, b in zip(turns[ours], turns[theirs])), flush=True)
    if number in (3, 6) and judged(pairs):
        sys.exit(0)
sys.exit(1)
