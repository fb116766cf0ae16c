"""Pages: the first byte of every page of the dashboard, with the demo's data.

    python3 bench/pages.py [--times N]

How soon pages are painted is told by the browser tests, which bench/README.md says how to run on a release build.
"""

import argparse
import html
import http.client
import re
import time
import urllib.parse

from common import RELEASE, Process, build

ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")
NO_PAGE = re.compile(r"/(docs|assets|live|ical|v\d|hub)\b|.*/export")


class Reader:
    """Somebody who is signed in, on one connection."""

    def __init__(self, url, link):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        self.cookie = ""
        _, headers, _ = self.ask("POST", urllib.parse.urlsplit(link).path)
        self.cookie = headers["set-cookie"].split(";")[0]

    def ask(self, method, path):
        """Seconds until the first byte, the headers, and the page."""
        began = time.perf_counter()
        self.connection.request(method, path, headers={"Cookie": self.cookie, "Accept": "text/html"})
        answer = self.connection.getresponse()
        took = time.perf_counter() - began
        return took, answer.headers, answer.read()


def pages(reader):
    """A page of each kind that a click leads to."""
    found, waiting = {}, ["/"]
    while waiting:
        path = waiting.pop(0)
        kind = ID.sub("id", re.split("[?#]", path)[0])
        if kind in found or NO_PAGE.match(path):
            continue
        found[kind] = path
        links = re.findall(r'<a [^>]*href="([^"]*)"', reader.ask("GET", path)[2].decode())
        waiting += [link for link in map(html.unescape, links) if link.startswith("/")]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=300, help="how often each page is asked for")
    arguments = parser.parse_args()
    build()
    demo = Process(RELEASE / "wardroom", "demo", "--listen", "127.0.0.1:0")
    link = next(line.strip() for line in demo.process.stdout if "/sign-in/link/" in line)
    reader = Reader(demo.url, link)
    print(f"{'page':50} {'bytes':>8} {'p50 ms':>8} {'p99 ms':>8}")
    rows = []
    for kind, path in pages(reader).items():
        size = len(reader.ask("GET", path)[2])
        took = sorted(reader.ask("GET", path)[0] * 1000 for _ in range(arguments.times))
        rows.append((took[len(took) * 99 // 100], took[len(took) // 2], size, kind))
    for p99, p50, size, kind in sorted(rows, reverse=True):
        print(f"{kind:50} {size:8} {p50:8.1f} {p99:8.1f}")
    demo.stop()


if __name__ == "__main__":
    main()
