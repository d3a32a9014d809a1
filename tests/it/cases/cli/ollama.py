"""A small server of Ollama's API, with its runner: ollama.py PORT MODE [LOAD_S].

It is ready at once. The first generation starts a runner, a process of its own
that computes, and waits LOAD_S for it, as for a model that is loaded. A runner
that dies ends the reply under way as Ollama ends it: with a line that says so,
and a clean end of the HTTP reply; the next generation starts another one.

Pids are appended to the files `serves` and `runners`, the path of each request
to `asked`. With the mode `mute`, whoever is not the first in `serves` of its
port answers every generation with status 500.
"""
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, MODE = int(sys.argv[1]), sys.argv[2]
LOAD_S = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
DIED = "an error was encountered while running the model: unexpected EOF"


def note(name, what):
    with open(name, "a") as file:
        file.write(f"{what}\n")


class Runner:
    """At most one at a time; whoever asks while it is loaded waits."""

    loading, process = threading.Lock(), None

    @classmethod
    def get(cls):
        with cls.loading:
            if cls.process is None or cls.process.poll() is not None:
                cls.process = subprocess.Popen(["sleep", "1000"])
                note("runners", cls.process.pid)
                time.sleep(LOAD_S)
            return cls.process


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"version": "0.17.4"} if self.path == "/api/version" else {"models": []})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        note("asked", f"{PORT} {self.path} {json.dumps(body.get('options', {}), sort_keys=True)}")
        if MODE == "mute" and IS_AGAIN:
            return self.answer(500, {"error": "no model"})
        runner = Runner.get()
        if not body.get("stream", True):
            return self.answer(200, {**part("one two "), **END})
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(body["options"]["num_predict"]):
            time.sleep(0.01)
            if runner.poll() is not None:
                self.line({"error": DIED})
                break
            self.line(part("word "))
        else:
            self.line({**part(""), **END})
        self.wfile.write(b"0\r\n\r\n")

    def line(self, body):
        data = (json.dumps(body) + "\n").encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def part(text):
    return {"model": "m", "message": {"role": "assistant", "content": text}, "done": False}


END = {"done": True, "done_reason": "length", "load_duration": 1000000, "prompt_eval_count": 12, "eval_count": 8}

note("serves", f"{PORT} {os.getpid()}")
IS_AGAIN = sum(line.split()[0] == str(PORT) for line in open("serves")) > 1
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
