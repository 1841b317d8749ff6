#!/usr/bin/env python3
"""Makes docs/images/study.png: what a participant of a listening study sees, with captions of the two systems of an experiment.

    docs/images/make_study.py build/release/bin/midillama runs/folk-table1 docs/images/study.png [--dark] [--size 1280x900]

Needs what `midillama experiment --config configs/folk/table1.yaml` leaves, and what browser.py needs.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

from browser import browser, save

CAPTIONS = "seed-1/eval/caption/true/predictions.jsonl"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("midillama")
    parser.add_argument("experiment", type=pathlib.Path)
    parser.add_argument("image")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x900", help="of the window")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = f"{folder}/study"
        systems = [f"--system={name}={given.experiment / run / CAPTIONS}" for name, run in (("music", "midi-llama"), ("text", "abc-llama"))]
        subprocess.run([given.midillama, "study", "build", *systems, "--study", study], check=True)
        key = json.loads(pathlib.Path(study, "keys.json").read_text())["participants"]["p01"]["key"]
        server = subprocess.Popen([given.midillama, "study", "serve", "--study", study, "--port", "0"], stdout=subprocess.PIPE, text=True)
        try:
            page = f"http://127.0.0.1:{int(server.stdout.readline())}/#{key}"
            with browser(given.size, given.dark) as window:
                window.open(page)
                window.wait_for("!document.querySelector('#consent').hidden")
                window.run("document.querySelector('#agreed').click(); document.querySelector('#agree button').click()")
                window.wait_for("!document.querySelector('#judge').hidden")
                window.run("document.activeElement.blur()")
                save(window, given.image)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
