#!/usr/bin/env python3
"""Makes docs/images/table1.png: the beginning of an experiment's page.

    docs/images/make_table.py runs/folk-table1/table1.html docs/images/table1.png [--dark] [--size 1280x1000]

Needs what `midillama experiment --config configs/folk/table1.yaml` leaves, and what browser.py needs.
"""
import argparse
import pathlib

from browser import browser, save


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("image")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x1000", help="of the window")
    given = parser.parse_args()
    with browser(given.size, given.dark) as window:
        window.open(given.page.resolve().as_uri())
        save(window, given.image)


if __name__ == "__main__":
    main()
