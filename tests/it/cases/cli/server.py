"""A small real server of OpenAI's streaming chat API: server.py PORT MODE.

Its mode says how it misbehaves; its pid is in server.pid; with its first
request it adds a dot to the file `asked`.
"""
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, MODE = int(sys.argv[1]), sys.argv[2]


class Handler(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        self.answer(503 if MODE == "never" else 200, b'{"data":[]}')

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Handler.asked += 1
        if Handler.asked == 1:
            with open("asked", "a") as file:
                file.write(".")
        if MODE == "refuse":
            return self.answer(500, b'{"error":{"message":"no model"}}')
        if MODE == "die" and Handler.asked == 3:
            print("out of memory", flush=True)
            os._exit(9)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in ["one ", "two ", "three "]:
            self.event({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
            time.sleep(0.005)
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, body):
        self.wfile.write(b"data: " + json.dumps(body).encode() + b"\n\n")
        self.wfile.flush()

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


with open("server.pid", "w") as file:
    file.write(str(os.getpid()))
print("loading the model", flush=True)
if MODE == "exit":
    print("no such model", flush=True)
    sys.exit(7)
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
