"""A headless Chromium for the pictures of this folder: Debian's chromium-driver and chromium-headless-shell."""
import base64
import contextlib
import json
import subprocess
import time
import urllib.request

BROWSER = "/usr/lib/chromium/chromium-headless-shell"


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


@contextlib.contextmanager
def browser(size, dark=False):
    """A window of so many pixels, "1280x800"."""
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        started = next(line for line in driver.stdout if "started successfully" in line)
        window = Browser(started.split()[-1].rstrip("."), *size.split("x"), dark)
        yield window
        window.close()
    finally:
        driver.terminate()


def save(window, image):
    time.sleep(0.5)
    with open(image, "wb") as file:
        file.write(window.screenshot())
