"""client.py URL N TOKENS: N replies of an Ollama at once, streamed, read line by line; prints each, and the tokens a second of all together."""
import http.client, json, sys, threading, time, urllib.parse

url, number, tokens = urllib.parse.urlparse(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
replies = []


def one(index):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=300)
    # No two prompts begin alike, so that none comes from the server's cache.
    prompt = f"{time.time_ns()} {index}: Write a very long story about the sea, in a hundred sentences."
    body = {"model": "smollm2", "messages": [{"role": "user", "content": prompt}], "options": {"num_predict": tokens, "temperature": 0.8}}
    begin = time.perf_counter()
    connection.request("POST", "/api/chat", json.dumps(body), {"Content-Type": "application/json"})
    arrivals = []
    for line in connection.getresponse():
        reply = json.loads(line)
        if reply["message"]["content"]:
            arrivals.append(time.perf_counter() - begin)
        if reply.get("done"):
            replies.append((index, arrivals, reply))


begin = time.perf_counter()
threads = [threading.Thread(target=one, args=(index,)) for index in range(number)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
wall = time.perf_counter() - begin
assert len(replies) == number, f"{len(replies)} of {number} replies ended"
for index, arrivals, reply in sorted(replies, key=lambda reply: reply[0]):
    print(f"reply {index}: first token after {arrivals[0]:.3f} s, {len(arrivals)} lines, eval_count {reply['eval_count']}, load {reply['load_duration'] / 1e6:.0f} ms")
total = sum(reply["eval_count"] for _, _, reply in replies)
print("total %d tokens in %.2f s = %.1f tok/s" % (total, wall, total / wall))
