#!/usr/bin/env python3
"""Makes docs/images/page.png: the page of `midillama serve` with a tune of the quickstart, a marked passage and two answers.

    docs/images/make_page.py build/release/bin/midillama docs/images/page.png [--dark] [--size 1280x800] [--start]

Needs what scripts/quickstart leaves, and Debian's chromium-driver and chromium-headless-shell.
"""
import argparse
import base64
import json
import subprocess
import time
import urllib.request

BROWSER = "/usr/lib/chromium/chromium-headless-shell"
EXAMPLE = 0
QUESTIONS = ["What key is the tune in?", "What kind of dance is this?"]


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["value"]


class Browser:
    def __init__(self, port, width, height, dark):
        options = {"binary": BROWSER, "args": ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"]}
        driver = f"http://127.0.0.1:{port}/session"
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}
        self.session = f"{driver}/{post(driver, {'capabilities': wanted})['sessionId']}"
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        post(f"{self.session}/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [scheme]}})

    def open(self, url):
        post(f"{self.session}/url", {"url": url})

    def run(self, script):
        return post(f"{self.session}/execute/sync", {"script": script, "args": []})

    def wait_for(self, expression):
        while not self.run(f"return Boolean({expression})"):
            time.sleep(0.1)

    def screenshot(self):
        with urllib.request.urlopen(f"{self.session}/screenshot") as answer:
            return base64.b64decode(json.load(answer)["value"])

    def close(self):
        urllib.request.urlopen(urllib.request.Request(self.session, method="DELETE"))


def use_the_page(browser):
    browser.run(f"document.querySelectorAll('#example-list button')[{EXAMPLE}].click()")
    browser.wait_for("!document.querySelector('#viewer').hidden")
    keys = 4 * [("PageDown", False)] + 8 * [("PageDown", True)]
    browser.run("".join(f"document.querySelector('#roll').dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', shiftKey: {str(shift).lower()}}}));"
                        for key, shift in keys))
    for question in QUESTIONS:
        browser.run(f"document.querySelector('#question').value = {json.dumps(question)}; document.querySelector('#send').click()")
        browser.wait_for("!document.querySelector('.turn[aria-busy]')")
    browser.run("document.activeElement.blur()")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("midillama")
    parser.add_argument("image")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x800", help="of the window")
    parser.add_argument("--start", action="store_true", help="the page as it is before a file is chosen")
    given = parser.parse_args()
    server = subprocess.Popen([given.midillama, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        page = f"http://127.0.0.1:{int(server.stdout.readline())}/"
        started = next(line for line in driver.stdout if "started successfully" in line)
        browser = Browser(started.split()[-1].rstrip("."), *given.size.split("x"), given.dark)
        browser.open(page)
        browser.wait_for("document.querySelector('#example-list').children.length")
        if not given.start:
            use_the_page(browser)
        time.sleep(0.5)
        with open(given.image, "wb") as image:
            image.write(browser.screenshot())
        browser.close()
    finally:
        driver.terminate()
        server.terminate()


if __name__ == "__main__":
    main()
