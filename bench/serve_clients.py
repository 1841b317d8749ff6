"""`midillama serve` as the openai package's clients find it: what it answers, what it refuses, how fast it is with many at once.

    bench/serve_clients [--config configs/folk/default.yaml] [--parts calls,speed,load] [--clients 16] [--minutes 2] [--text-only]

It starts a server on the loopback with the trained model of the configuration (scripts/quickstart makes the default's) and goes through

calls     models, chat, a stream, music as a file part, structured output, log-probabilities, embeddings, errors, a client that leaves
speed     tokens a second of one client and of as many as --clients, in turns; of answers in a JSON schema beside others; the time to the first token of a short answer beside long ones
load      --clients threads for --minutes: every request is answered or refused in order; the server's memory at each quarter

and ends with an error at the first thing that is not as it should be.
"""

import argparse
import base64
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time

import jsonschema
import openai
import supplies
from rounds import spread

SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["dance", "meter", "certainty"],
    "properties": {"dance": {"enum": ["jig", "reel", "waltz", "other"]}, "meter": {"type": "string", "maxLength": 5},
                   "certainty": {"type": "number", "minimum": 0, "maximum": 1}},
}


class Server:
    def __init__(self, options):
        command = [supplies.program("midillama"), "serve", "--config", options.config, "--port", "0"]
        command += ["--text-only"] if options.text_only else []
        for setting in options.set:
            command += ["--set", setting]
        self.process = subprocess.Popen([str(word) for word in command], cwd=supplies.ROOT, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip()
        if not port:
            raise SystemExit("the server did not start")
        self.client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0, timeout=300)

    def memory(self):
        """MiB that are resident."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def running(self):
        """Answers on their way."""
        metrics = self.client.with_options(max_retries=0).get("../metrics", cast_to=str)
        return int(next(line.split()[1] for line in metrics.splitlines() if line.startswith("midillama_answers_running ")))

    def end(self):
        self.process.terminate()
        return self.process.wait(30)


def require(holds, what):
    if not holds:
        raise SystemExit(f"not as it should be: {what}")
    print("  ", what, flush=True)


def question(text, clip=None):
    parts = [{"type": "file", "file": {"filename": "clip.mid", "file_data": clip}}] if clip else []
    return [{"role": "user", "content": parts + [{"type": "text", "text": text}]}]


def refused(call, **arguments):
    try:
        call(**arguments)
    except openai.BadRequestError as error:
        return error
    return None


def check_calls(server, clip):
    chat, name = server.client.chat.completions.create, server.client.models.list().data[0].id
    print("calls", flush=True)
    ask = dict(model=name, messages=question("Which dance is this?", clip), max_tokens=40)
    whole = chat(**ask)
    require(whole.choices[0].message.content and whole.usage.completion_tokens > 0, f"an answer: {whole.choices[0].message.content!r}")
    events = list(chat(**ask, stream=True, stream_options={"include_usage": True}))
    text = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    require(text == whole.choices[0].message.content and events[-1].usage == whole.usage, "a stream has the same answer and usage")
    seeded = dict(ask, temperature=1, seed=7, n=3)
    require([choice.message.content for choice in chat(**seeded).choices] == [choice.message.content for choice in chat(**seeded).choices],
            "seeded answers are the same again")
    logprobs = chat(**ask, logprobs=True, top_logprobs=2).choices[0].logprobs.content
    require(len(logprobs) == whole.usage.completion_tokens and all(token.logprob == token.top_logprobs[0].logprob for token in logprobs),
            "log-probabilities of every token")
    for _ in range(3):
        form = {"type": "json_schema", "json_schema": {"name": "tune", "schema": SCHEMA, "strict": True}}
        answer = json.loads(chat(**dict(ask, max_tokens=60, temperature=1), response_format=form).choices[0].message.content)
        jsonschema.validate(answer, SCHEMA)
        require(True, f"an answer in a schema: {answer}")
    require(isinstance(json.loads(chat(**ask, response_format={"type": "json_object"}).choices[0].message.content), dict), "an answer that is a JSON object")
    for key, value in (("temperature", 5), ("max_tokens", 0), ("tools", [{"type": "function", "function": {"name": "f"}}]), ("n", 1000),
                       ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array", "uniqueItems": True}}})):
        error = refused(chat, **dict(ask, **{key: value}))
        require(error is not None and key in str(error), f"{key}={value!r} is refused by its name")
    wav = "data:audio/wav;base64," + base64.b64encode(b"RIFFxxxxWAVE").decode()
    require(refused(chat, **dict(ask, messages=question("And this?", wav))) is not None, "a file that is no MIDI file is refused")
    if clip:
        floats = server.client.embeddings.create(model=name, input=clip, encoding_format="float").data[0].embedding
        require(server.client.embeddings.create(model=name, input=[clip]).data[0].embedding == floats, "a clip's embedding, as floats and in base64")
    stream = chat(**dict(ask, max_tokens=1000), stream=True)
    next(iter(stream))
    stream.close()
    deadline = time.time() + 10
    while server.running() > 0 and time.time() < deadline:
        time.sleep(0.05)
    require(server.running() == 0, "a client that leaves frees its place")


def crowd(server, name, clip, clients, seconds, **options):
    """Tokens a second of `clients` threads that ask one question after the other; what was refused, by status."""
    written, refusals, problems, end = [0] * clients, {}, [], time.time() + seconds

    def work(i):
        turn = 0
        while time.time() < end:
            turn += 1
            try:
                ask = dict(model=name, messages=question(f"Describe the tune, {i} {turn}.", clip), **{"max_tokens": 40, **options})
                answer = server.client.chat.completions.create(**ask)
                written[i] += answer.usage.completion_tokens
            except openai.APIStatusError as error:
                refusals[error.status_code] = refusals.get(error.status_code, 0) + 1
                time.sleep(float(error.response.headers.get("retry-after", 1)))
            except Exception as error:
                problems.append(repr(error))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(clients)]
    begun = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise SystemExit(f"{len(problems)} requests were neither answered nor refused: {problems[0]}")
    return sum(written) / (time.time() - begun), refusals


def first_token(server, name, text):
    begun = time.time()
    stream = server.client.chat.completions.create(model=name, messages=question(text), max_tokens=10, stream=True)
    for event in stream:
        if event.choices and event.choices[0].delta.content:
            break
    stream.close()
    return time.time() - begun


def measure_speed(server, name, clip, clients, rounds):
    print("speed", flush=True)
    alone, together = [], []
    crowd(server, name, clip, clients, 3)
    for _ in range(rounds):
        alone.append(crowd(server, name, clip, 1, 10)[0])
        together.append(crowd(server, name, clip, clients, 15)[0])
    print(f"   tokens a second: one client {spread(alone)}, {clients} clients {spread(together)}, ratio {spread([b / a for a, b in zip(alone, together)])}", flush=True)
    free, formed = [], []
    form = {"type": "json_schema", "json_schema": {"name": "words", "schema": {"type": "object", "required": ["words"], "properties": {
        "words": {"type": "array", "items": {"type": "string", "maxLength": 8}, "minItems": 20}}}}}
    for _ in range(rounds):
        free.append(crowd(server, name, clip, 1, 8, temperature=1)[0])
        formed.append(crowd(server, name, clip, 1, 8, temperature=1, max_tokens=120, response_format=form)[0])
    print(f"   tokens a second in a JSON schema {spread(formed)}, without {spread(free)}, ratio {spread([a / b for a, b in zip(formed, free)])}", flush=True)
    quiet = [first_token(server, name, "Hi!") for _ in range(5)]
    long_one = threading.Thread(target=lambda: server.client.chat.completions.create(
        model=name, messages=question("Tell a long story."), max_tokens=300, extra_body={"ignored": True}))
    long_one.start()
    beside = [first_token(server, name, "Hi!") for _ in range(5)]
    long_one.join()
    print(f"   seconds to the first token: alone {spread(quiet)}, beside a long answer {spread(beside)}", flush=True)


def load(server, name, clip, clients, minutes):
    print("load", flush=True)
    memory, rates, refusals = [], [], {}
    for _ in range(4):
        rate, refused_by = crowd(server, name, clip, clients, minutes * 15)
        rates.append(rate)
        memory.append(server.memory())
        for status, count in refused_by.items():
            refusals[status] = refusals.get(status, 0) + count
    print(f"   {clients} clients, {minutes} minutes: {statistics.mean(rates):.0f} tokens a second, refused {refusals or 'none'}, "
          f"MiB after each quarter {' '.join(f'{value:.0f}' for value in memory)}", flush=True)
    require(set(refusals) <= {429} and memory[3] < memory[0] * 1.05, "every request is answered or told to come back, and memory is flat")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/folk/default.yaml")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default="calls,speed,load")
    parser.add_argument("--text-only", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    clip = None
    if not options.text_only:
        file = next(iter(sorted((supplies.folk_data() / "clips").glob("*.mid"))))
        clip = "data:audio/midi;base64," + base64.b64encode(file.read_bytes()).decode()
    server = Server(options)
    try:
        name = server.client.models.list().data[0].id
        parts = options.parts.split(",")
        if "calls" in parts:
            check_calls(server, clip)
        if "speed" in parts:
            measure_speed(server, name, clip, options.clients, options.rounds)
        if "load" in parts:
            load(server, name, clip, options.clients, options.minutes)
    finally:
        status = server.end()
    require(status in (0, -15, 143), f"the server ends with {status}")


main()
