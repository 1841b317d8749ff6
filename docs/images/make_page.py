#!/usr/bin/env python3
"""Makes docs/images/page.png: the page of `midillama serve` with a tune of the quickstart, a marked passage and two answers.

    docs/images/make_page.py build/release/bin/midillama docs/images/page.png [--dark] [--size 1280x800] [--start]

Needs what scripts/quickstart leaves, and what browser.py needs.
"""
import argparse
import json
import subprocess

from browser import browser, save

EXAMPLE = 0
QUESTIONS = ["What key is the tune in?", "What kind of dance is this?"]


def use_the_page(window):
    window.run(f"document.querySelectorAll('#example-list button')[{EXAMPLE}].click()")
    window.wait_for("!document.querySelector('#viewer').hidden")
    keys = 4 * [("PageDown", False)] + 8 * [("PageDown", True)]
    window.run("".join(f"document.querySelector('#roll').dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', shiftKey: {str(shift).lower()}}}));"
                       for key, shift in keys))
    for question in QUESTIONS:
        window.run(f"document.querySelector('#question').value = {json.dumps(question)}; document.querySelector('#send').click()")
        window.wait_for("!document.querySelector('.turn[aria-busy]')")
    window.run("document.activeElement.blur()")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("midillama")
    parser.add_argument("image")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x800", help="of the window")
    parser.add_argument("--start", action="store_true", help="the page as it is before a file is chosen")
    given = parser.parse_args()
    server = subprocess.Popen([given.midillama, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        page = f"http://127.0.0.1:{int(server.stdout.readline())}/"
        with browser(given.size, given.dark) as window:
            window.open(page)
            window.wait_for("document.querySelector('#example-list').children.length")
            if not given.start:
                use_the_page(window)
            save(window, given.image)
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
