#!/usr/bin/env python3
"""The dataset pipeline with nothing in it scripted: a collection as GiantMIDI-Piano comes, a MediaWiki, and a language model of `serve`.

    tests/cli/real_pipeline.py [--llm .deps/SmolLM2-135M-Instruct] [--midillama FILE] [--server FILE] [--kills 5] [--train] [--keep FOLDER]

It makes up piano files (performances of some works twice, one file twice, one silent, one that is no MIDI file) and their table, sets up a wiki
with pages about some of the works (tests/works/mediawiki.sh, which names Debian's packages), serves the language model by
`midillama serve --text-only`, and runs

    data import, retrieve, annotate (--estimate, killed --kills times, whole), features, segment, write by templates and by the model,
    check, stats, review sample and score; all of it once more with --replay while wiki and model are gone; with --train a few steps of training

and ends with status 1 at the first thing that is not as it should be: a command that fails, a text about another work, an answered request
that was sent again, a problem that `data check` finds, a file that the replay makes otherwise. What a language model says is not judged; how much of
it held is printed. Everything is written below a temporary folder, or --keep. Python's standard library is enough.

SmolLM2-135M-Instruct comes by scripts/setup --smollm2. --midillama may be a program without LibTorch where --server names one with it.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import made_up_pieces  # noqa: E402
import supplies  # noqa: E402

NOTES, SECONDS = 500, 60
WITHOUT_CALLS = {"requests.jsonl"}  # what a call took, and when, is in no two runs the same

# Surname, first name, title, year of birth, how many files, title of the page, wikitext.
WORKS = [
    ("Chopin", "Frédéric", "Nocturne in E-flat major, Op. 9 No. 2", 1810, 2, "Nocturnes, Op. 9 (Chopin)",
     "The '''Nocturnes, Op. 9''' are three nocturnes for piano by [[Frédéric Chopin]], written between 1830 and 1832 and dedicated to Marie Pleyel. "
     "They are works of the Romantic style.\n== Nocturne in E-flat major, Op. 9, No. 2 ==\nThe second nocturne is the best known. "
     "Its melody is tender and calm, and listeners have heard longing in it."),
    ("Debussy", "Claude", "Clair de lune", 1862, 2, "Clair de lune (Debussy)",
     "'''Clair de lune''' is the third movement of the ''Suite bergamasque'', a suite for piano by [[Claude Debussy]]. It is one of the best known "
     "pieces of Impressionist music.\n== Background ==\nDebussy began the suite about 1890 and revised it in 1905. The title comes from a poem "
     "by Paul Verlaine.\n== Music ==\nThe composer wished to picture moonlight. The mood of the piece is calm and dreamy."),
    ("Beethoven", "Ludwig van", "Sonata No. 14 in C-sharp minor, Op. 27 No. 2", 1770, 1, "Piano Sonata No. 14 (Beethoven)",
     "The '''Piano Sonata No. 14''' in C-sharp minor, Op. 27, No. 2, by [[Ludwig van Beethoven]] was completed in 1801. It is a sonata of the "
     "Classical period, dedicated to his pupil Giulietta Guicciardi.\n== Movements ==\nThe first movement is melancholic and mournful. "
     "The last movement is stormy and dramatic."),
    ("Joplin", "Scott", "Maple Leaf Rag", 1868, 1, "Maple Leaf Rag",
     "The '''Maple Leaf Rag''' is a piano piece by [[Scott Joplin]], copyrighted on September 18, 1899. It is the model of Ragtime. "
     "It was named after a club in Sedalia, Missouri.\n== Music ==\nIts syncopated rhythm makes it joyful and lively."),
    ("Schumann", "Robert", "Träumerei", 1810, 1, "Träumerei",
     "'''Träumerei''' is the seventh of the ''Kinderszenen'', Op. 15, by [[Robert Schumann]], a set of character pieces from 1838. Schumann wanted to recall "
     "how adults look back on childhood. The piece is peaceful and nostalgic, and belongs to the Romantic era."),
    ("Bach", "Johann Sebastian", "Prelude and Fugue in C major, BWV 846", 1685, 1, "Prelude and Fugue in C major, BWV 846",
     "The '''Prelude and Fugue in C major, BWV 846''' is the first of ''The Well-Tempered Clavier'' by [[Johann Sebastian Bach]], a Baroque work of 1722. "
     "Bach wrote it for the use of the young who want to learn. The prelude is serene."),
    ("Vell", "Ada", "Harbour Sonata", 1901, 1, "", ""),  # the wiki knows nothing of these two
    ("Chopin", "Frédéric", "Mazurka in A minor, Op. 17 No. 4", 1810, 1, "", ""),
]
# Pages that are about none of them.
OTHER_PAGES = {
    "Clair de lune": "'''Clair de lune''' may refer to:\n* [[Clair de lune (Debussy)]]\n* [[Clair de lune (Fauré)]]",
    "Clair de lune (Fauré)": "'''Clair de lune''', Op. 46 No. 2, is a song by [[Gabriel Fauré]]. Claude Debussy set the same poem.",
    "Frédéric Chopin": "'''Frédéric Chopin''' was a Polish composer of nocturnes and mazurkas, among them the Mazurka in A minor, Op. 17 No. 4.",
    "Piano Sonata No. 13 (Beethoven)": "The '''Piano Sonata No. 13''', Op. 27, No. 1, by [[Ludwig van Beethoven]] was written beside No. 14.",
}


def expect(holds, what):
    if not holds:
        sys.exit(f"real_pipeline.py: {what}")


def rows_of(file):
    return [json.loads(line) for line in file.open(encoding="utf-8")]


def write_collection(folder):
    rng = random.Random(1)
    midis = folder / "midis"
    midis.mkdir(parents=True)
    rows = []
    for surname, first, title, birth, files, *_ in WORKS:
        for number in range(files):
            name = f"{surname}, {first}, {title}, id{len(rows)}"
            (midis / f"{name}.mid").write_bytes(made_up_pieces.performance(rng, NOTES, SECONDS))
            rows.append((surname, first, title, "unknown", birth, "", title, f"id{len(rows)}", 0.9, 0.9, name, SECONDS, 1, "train", 1))
    twice = (midis / f"{rows[0][10]}.mid").read_bytes()
    for name, content in (("twice", twice), ("silent", made_up_pieces.midi_file([])), ("broken", b"MThd and no more")):
        (midis / f"{name}.mid").write_bytes(content)
        rows.append(("Vell", "Ada", name.title(), "", "", "", "", f"id{len(rows)}", "", "", name, "", 1, "", 1))
    rows.append(("Vell", "Ada", "Not of the data set", "", "", "", "", "none", "", "", "", "", "", "", 0))
    (folder / "table.csv").write_text(made_up_pieces.table(rows), encoding="utf-8")


def free_port():
    import socket
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


class Wiki:
    """MediaWiki on SQLite, served by PHP."""
    script = ["bash", str(ROOT / "tests/works/mediawiki.sh")]

    def __init__(self, folder):
        port = str(free_port())
        texts = folder / "texts"
        texts.mkdir(parents=True)
        for *_, page, wikitext in WORKS:
            if page:
                (texts / f"{page}.txt").write_text(wikitext, encoding="utf-8")
        for page, wikitext in OTHER_PAGES.items():
            (texts / f"{page}.txt").write_text(wikitext, encoding="utf-8")
        installed = subprocess.run([*self.script, "install", str(folder), port], capture_output=True, text=True)
        expect(installed.returncode == 0, f"no MediaWiki: {installed.stdout}{installed.stderr}")
        self.process = subprocess.Popen([*self.script, "serve", str(folder), port], start_new_session=True)
        self.endpoint = f"http://127.0.0.1:{port}/w/api.php"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{self.endpoint}?action=query&format=json", timeout=10).read()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit("real_pipeline.py: the wiki does not answer")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


class Model:
    """`midillama serve --text-only`."""

    def __init__(self, program, llm, log):
        words = [program, "serve", "--text-only", "--port", "0", "--config", "configs/folk-smollm2/default.yaml", "--set", f"llm.path={llm}",
                 "--set", "prompt.template=chat"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log.open("w"), text=True, cwd=ROOT)
        port = self.process.stdout.readline().strip()
        expect(port.isdigit(), f"the language model is not served: {log.read_text()}")
        self.endpoint = f"http://127.0.0.1:{port}/v1"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Pipeline:
    def __init__(self, program, folder, name, more):
        self.program, self.folder, self.data = program, folder, folder / name
        self.settings = ["--config", "configs/giantmidi/default.yaml"]
        for setting in (f"data.dir={self.data}", f"corpus.path={folder / 'midis'}", f"corpus.metadata={folder / 'table.csv'}",
                        "corpus.clip_seconds=10", "corpus.clips_per_piece=2", "corpus.valid_fraction=0.15", "corpus.test_fraction=0.15",
                        "corpus.questions_per_tag=2", "chat.model=SmolLM2", "chat.api_key_env=", "chat.max_parallel=4",
                        "annotation.max_tokens=400", "writing.max_tokens=1200", "writing.temperature=0.3",
                        "chat.price_per_million_prompt_tokens=2.5", "chat.price_per_million_completion_tokens=10",
                        "retrieval.contact=tests@example.org", "retrieval.seconds_between_requests=0", *more):
            self.settings += ["--set", setting]

    def words(self, *command):
        return [self.program, "data", *command[0].split(), *self.settings, *map(str, command[1:])]

    def run(self, *command):
        """What the command prints; it must succeed."""
        print(f"\n$ midillama data {' '.join(map(str, command))}", flush=True)
        begin = time.monotonic()
        result = subprocess.run(self.words(*command), capture_output=True, text=True, cwd=ROOT)
        print(f"{result.stderr}{result.stdout}({time.monotonic() - begin:.1f} s)", flush=True)
        expect(result.returncode == 0, f"ended with status {result.returncode}")
        return result.stdout

    def kill(self, seconds, *command):
        """Whether it was killed, and had not ended before."""
        child = subprocess.Popen(self.words(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        try:
            expect(child.wait(seconds) == 0, "a command that is killed again and again failed by itself")
            return False
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return True

    def content(self):
        files = (file for file in self.data.rglob("*") if file.is_file() and file.name not in WITHOUT_CALLS)
        return {str(file.relative_to(self.data)): file.read_bytes() for file in files}


def require_nothing_asked_twice(log):
    """No call has a line after the one that answered it."""
    answered = set()
    for row in rows_of(log):
        expect(row["key"] not in answered, "a call that was answered was made again")
        if row["status"] != 200 or row["response"]["choices"][0]["finish_reason"] != "stop":
            continue
        try:
            json.loads(row["response"]["choices"][0]["message"]["content"])
            answered.add(row["key"])
        except ValueError:
            pass
    print(f"{log.name}: {len(answered)} calls answered", flush=True)


def review(pipeline):
    """Two reviewers who judge every field of the page that is drawn, one of them more strictly."""
    page = pipeline.folder / "review.html"
    pipeline.run("review sample", "--works", 4, "--out", page)
    found = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page.read_text(encoding="utf-8"), re.S)
    expect(found, "the page of the review has no data")
    data = json.loads(found.group(1))
    files = []
    for reviewer, judgments in (("Anna", ["accept"]), ("Ben", ["accept", "reject", "unsure"])):
        items = [dict(work=work["work"], field=field, note="") for work in data["works"] for field in work["fields"]]
        for i, item in enumerate(items):
            item["judgment"] = judgments[i % len(judgments)]
        files.append(pipeline.folder / f"review-{reviewer}.json")
        files[-1].write_text(json.dumps(dict(sample=data["sample"], reviewer=reviewer, judgments=items)))
    scores = pipeline.run("review score", *files)
    expect("Anna and Ben" in scores, "the two reviewers are not compared")


def before_clips(pipeline, kills):
    imported = pipeline.run("import")
    expect(len(rows_of(pipeline.data / "pieces.jsonl")) == sum(work[4] for work in WORKS), "not every performance is a piece")
    for kind in ("silent", "duplicates", "unreadable"):
        expect(len(json.loads((pipeline.data / "import.json").read_text())[kind]) == 1, f"{kind}: {imported}")

    pipeline.run("retrieve")
    pages = {row["title"] for row in rows_of(pipeline.data / "texts.jsonl")}
    expect(pages == {page for *_, page, _ in WORKS if page}, f"the texts are of the pages {sorted(pages)}")

    estimate = pipeline.run("annotate", "--estimate")
    expect("$" in estimate and not (pipeline.data / "requests.jsonl").exists(), f"the estimate is {estimate}")
    rng = random.Random(2)
    killed = sum(pipeline.kill(rng.uniform(0.2, 8), "annotate") for _ in range(kills))
    print(f"\nkilled {killed} times", flush=True)
    pipeline.run("annotate")
    require_nothing_asked_twice(pipeline.data / "requests.jsonl")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", type=Path, default=ROOT / ".deps/SmolLM2-135M-Instruct")
    parser.add_argument("--midillama", help="default: build/release/bin/midillama, brought up to date")
    parser.add_argument("--server", help="default: the same program")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--keep", type=Path, help="a new folder to work in, which stays")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.midillama or supplies.program("midillama"))
    server = os.path.abspath(arguments.server or program)
    with tempfile.TemporaryDirectory(prefix="real-pipeline-") as temporary:
        folder = arguments.keep.resolve() if arguments.keep else Path(temporary)
        write_collection(folder)
        running = [Wiki(folder / "wiki")]
        try:
            running.append(Model(server, arguments.llm.resolve(), folder / "serve.log"))
            wiki, model = running
            pipeline = Pipeline(program, folder, "data", [f"retrieval.endpoint={wiki.endpoint}", f"chat.endpoint={model.endpoint}"])
            before_clips(pipeline, arguments.kills)
            pipeline.run("features")
            pipeline.run("segment")
            pipeline.run("write")
            pipeline.run("check")
            by_templates = pipeline.content()
            pipeline.run("stats", "--svg", folder / "plots")
            json.loads(pipeline.run("stats", "--json"))
            expect(any((folder / "plots").glob("*.svg")), "there are no plots")
            review(pipeline)
            by_model = ["--set", "writing.by=model"]
            pipeline.run("write", *by_model, "--estimate")
            pipeline.run("write", *by_model, "--overwrite")
            pipeline.run("check")
            pipeline.run("stats")
            require_nothing_asked_twice(pipeline.data / "requests.jsonl")
        finally:
            for each in running:
                each.stop()

        print("\nWithout wiki and model", flush=True)
        again = Pipeline(program, folder, "again", [f"retrieval.endpoint={wiki.endpoint}", f"chat.endpoint={model.endpoint}", "chat.replay=true"])
        again.data.mkdir()
        for log in ("retrieval.jsonl", "requests.jsonl"):
            shutil.copy(pipeline.data / log, again.data / log)
        again.run("build", *by_model)
        made, remade = pipeline.content(), again.content()
        different = sorted(name for name in made.keys() | remade.keys() if made.get(name) != remade.get(name))
        expect(not different, f"a replay makes other files: {', '.join(different)}")
        again.run("write", "--overwrite")
        expect(again.content() == by_templates, "a replay by templates makes other files")
        if arguments.train:
            train(server, folder, pipeline.data)
    print("\nAll is as it should be.")


def train(program, folder, data):
    """That what came out goes into training: two steps of each stage, with models from scratch."""
    for stage in ("pretrain-encoder", "pretrain-llm", "align", "sft"):
        words = [program, "train", "--stage", stage]
        for setting in (f"run.dir={folder / 'run'}", f"data.dir={data}", "train.max_steps=2", "train.batch_size=2", "train.validate_examples=0",
                        f"music_encoder.path={folder / 'run/pretrain-encoder/model'}", f"llm.path={folder / 'run/pretrain-llm/model'}"):
            words += ["--set", setting]
        print(f"\n$ midillama train --stage {stage}", flush=True)
        result = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
        print(f"{result.stderr}{result.stdout}", flush=True)
        expect(result.returncode == 0, f"ended with status {result.returncode}")


if __name__ == "__main__":
    main()
