"""watch_recovery.py RUNEXP RESULTS PROCESSES: does runexp say how long a killed Ollama took to its next good answer?

PROCESSES is `all` or `workers`, as in a fault. Runs ollama/recovery.toml, in which `ollama[0]` is killed, and watches beside it: sees by the process
table when the victim is gone, and asks for a short generation until one is answered well, by its own clock: the first token of a reply that came whole. Both figures must agree within a second.
`ollama` must be in PATH and have the model smollm2. Only Python's standard library.
"""
import json, pathlib, subprocess, sys, time, urllib.error, urllib.request

GATE_S = 1.0
PATIENCE_S = 300
# The load's own options have the model loaded anew as its warm-up begins; three seconds later the runner is the one that the fault will hit.
SETTLED_S = 3
runexp, results, which = sys.argv[1:]
scenario = pathlib.Path(__file__).parent / "ollama" / "recovery.toml"


def processes():
    """The pids of `ollama[0]` of a run: the one that leads its process group, which listens, and those that it has started."""
    leaders, workers = [], []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        mark = [one for one in variables if one.startswith(b"RUNEXP_SERVER=") and one.endswith(b"/ollama[0]")]
        if mark and fields[0] not in "ZX":
            port = [one.rsplit(b":", 1)[1].decode() for one in variables if one.startswith(b"OLLAMA_HOST=")]
            (leaders if fields[2] == folder.name else workers).append((int(folder.name), port[0] if port else None))
    return leaders, workers


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def good_answer(port):
    """When the first token of a reply arrived that then came whole; none if it did not."""
    body = {"model": "smollm2", "prompt": "Say hello.", "options": {"num_predict": 4, "temperature": 0, "num_thread": 1}}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/generate", json.dumps(body).encode(), {"Content-Type": "application/json"})
    first = None
    try:
        for line in urllib.request.urlopen(request, timeout=PATIENCE_S):
            part = json.loads(line)
            if part.get("response"):
                first = first or time.monotonic()
            if part.get("done"):
                return first
    except (OSError, ValueError, urllib.error.URLError):
        pass
    return None


def until_loaded(run):
    """Until it has loaded its model for the first time."""
    while not all(processes()):
        if run.poll() is not None:
            sys.exit("runexp ended before `ollama[0]` had a runner")
        time.sleep(0.1)


def watch(run):
    """Seconds from the death of what is killed to its next good answer."""
    until_loaded(run)
    time.sleep(SETTLED_S)
    leaders, workers = processes()
    if not (leaders and workers):
        sys.exit(f"`ollama[0]` has {len(leaders)} processes that listen and {len(workers)} runners")
    (server, port), (runner, _) = leaders[0], workers[0]
    victim = server if which == "all" else runner
    while not is_gone(victim):
        if run.poll() is not None:
            sys.exit("runexp ended and killed nobody")
        time.sleep(0.002)
    killed = time.monotonic()
    while (answered := good_answer(port)) is None:
        if run.poll() is not None:
            sys.exit(f"runexp ended before the watcher was answered, {time.monotonic() - killed:.1f} s after the kill")
        time.sleep(0.05)
    lives = not is_gone(server)
    if lives == (which == "all"):
        sys.exit(f"the process that listens {'lives' if lives else 'is gone'}")
    return answered - killed


run = subprocess.Popen([runexp, scenario, "--quiet", "--results", results, "--set", f'vars.processes="{which}"'], stdout=subprocess.PIPE, text=True)
seen = watch(run)
folder = pathlib.Path(run.communicate()[0].strip().splitlines()[-1])
if run.returncode not in (0, 4):  # 4: something else spoiled the window, of which nothing is asked here
    sys.exit(f"runexp ended with {run.returncode}")
cell = next(iter(json.loads((folder / "summary.json").read_text())["cells"].values()))
trial = cell["repetitions"][0]
said = trial["values"]["recovery_time"]
print(*[line for line in (folder / "summary.md").read_text().splitlines() if "into the window" in line], sep="\n")
print("replies:", ", ".join(f"{kind} {count}" for kind, count in trial["outcomes"].items()))
outcomes = [json.loads(line)["outcome"] for line in (folder / "requests.jsonl").read_text().splitlines()]
errors = sorted({outcome["message"] for outcome in outcomes if outcome["kind"] == "server_error"})
print("server errors:", "; ".join(errors) or "none")
if "value" not in said:
    sys.exit(f"runexp says: {said['gap']}")
print(f"next good answer of what was killed ({which}): runexp {said['value']:.2f} s, watcher {seen:.2f} s, gate {GATE_S} s")
if which == "workers" and not errors:
    sys.exit("no reply under way ended with an error of the server")
sys.exit(abs(said["value"] - seen) > GATE_S)
