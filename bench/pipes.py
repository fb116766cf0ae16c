"""Pipes: rows of one server to a file and on to another server, through proxies that let one request in twenty go
wrong, while the command that runs the pipes is killed again and again. Every row has to arrive once.

    python3 bench/pipes.py [--rows N] [--kills N] [--per-key N] [--debug]

Ends with an error if a row is missing, came twice, or says something else.
"""

import argparse
import json
import os
import random
import subprocess
import time
from pathlib import Path

import common
from common import ROOT, TOKEN, Process, Server, a_directory

ONE_IN = 20
LARGEST_TYPE = 50_000


def build(debug):
    """Builds what is measured."""
    profile = [] if debug else ["--release"]
    cargo = ["cargo", "build", *profile, "--locked", "--quiet", "--manifest-path", ROOT / "Cargo.toml"]
    subprocess.run([*cargo, "-p", "wardroom", "--bin", "wardroom"], check=True)
    subprocess.run([*cargo, "-p", "wardroom-testkit", "--example", "faults"], check=True)
    if debug:
        common.RELEASE = ROOT / "target" / "debug"


def wardroom(*arguments, environment):
    return [str(word) for word in (common.RELEASE / "wardroom", *arguments)], {**os.environ, **environment}


def fill(server, directory, counts):
    """Catalog types with so many entries each; their IDs."""
    def kind(n, count):
        entries = [{"external_id": f"thing-{n}-{m}", "name": f"Thing {n}.{m}"} for m in range(count)]
        return {"name": f"Thing {n}", "type_name": f'Custom["Thing{n}"]', "description": "What is", "entries": entries}

    path = Path(directory) / "catalog.json"
    path.write_text(json.dumps({"types": [kind(n, count) for n, count in enumerate(counts)]}))
    environment = {"WARDROOM_URL": server.url, "WARDROOM_API_KEY": TOKEN}
    command, environment = wardroom("catalog", "import", path, environment=environment)
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    types = {one["type_name"]: one["id"] for one in server.call("GET", "/v3/catalog_types")[1]["catalog_types"]}
    return [types[f'Custom["Thing{n}"]'] for n in range(len(counts))]


def connect(hub, name, url):
    connection = {"product": "nexla", "name": name, "api_key": TOKEN, "base_url": url}
    run = hub.call("POST", "/hub/v1/connections", {"connection": connection})[1]["run"]
    assert run["state"] == "succeeded", run


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def run(name, environment, watched, kill_at):
    """Runs a pipe to its end; it is killed when the file `watched` has so many lines. Says how long it took, and
    what the run did."""
    started = time.monotonic()
    while True:
        command, whole = wardroom("pipe", "run", name, "--json", environment=environment)
        begun, before = time.monotonic(), lines(watched)
        process = subprocess.Popen(command, env=whole, stdout=subprocess.PIPE, text=True)
        while process.poll() is None:
            now = lines(watched)
            if kill_at and now >= kill_at[0] and now > before:
                process.kill()
                kill_at.pop(0)
            time.sleep(0.1)
        out = process.communicate()[0]
        if process.returncode == 0:
            return time.monotonic() - started, json.loads(out)
        if process.returncode > 0:
            raise SystemExit(f"pipe run {name}: exit status {process.returncode}: {out}")
        print(f"killed {name} at {lines(watched):,} rows after {time.monotonic() - begun:.0f} s")


def entries(server, type_id):
    """Every entry: external ID to name."""
    found, after = [], ""
    while after is not None:
        path = f"/v3/catalog_entries?catalog_type_id={type_id}&page_size=250{after and '&after=' + after}"
        page = server.call("GET", path)[1]
        found += [(entry["external_id"], entry["name"]) for entry in page["catalog_entries"]]
        after = page["pagination_meta"].get("after") if page["catalog_entries"] else None
    return found


def pipes(n, type_here, type_there):
    """How the entries of one type go from here to there."""
    entry = {"catalog_type_id": type_there, "name": "{{ row.name }}", "external_id": "{{ row.external_id }}",
             "attribute_values": {}}
    source = {"template": "catalog_entries", "query": {"catalog_type_id": type_here}}
    file = {"format": "jsonl", "file": f"{n}.jsonl"}
    return [
        {"name": f"read-{n}", "connection": "origin", "source": source, "output": file},
        {"name": f"load-{n}", "connection": "target", "input": file,
         "destination": {"template": "catalog_entries", "body": entry}},
    ]


def measure(directory, count, kills, per_key):
    here, there = Path(directory) / "here", Path(directory) / "there"
    here.mkdir(), there.mkdir()
    os.environ["WARDROOM_PRIVATE_ADDRESSES"] = "127.0.0.0/8"
    counts = [min(LARGEST_TYPE, count - begin) for begin in range(0, count, LARGEST_TYPE)]
    origin, target = Server(here), Server(there, per_key=per_key)
    types = list(zip(fill(origin, here, counts), fill(target, there, [0] * len(counts))))
    faults = common.RELEASE / "examples" / "faults"
    proxies = [Process(faults, server.url, ONE_IN) for server in (origin, target)]
    connect(origin, "origin", proxies[0].url)
    connect(origin, "target", proxies[1].url)
    definitions = here / "pipes.json"
    definitions.write_text(json.dumps([pipe for n, (a, b) in enumerate(types) for pipe in pipes(n, a, b)]))
    environment = {"WARDROOM_DATA_DIR": str(here), "RUST_LOG": "error"}
    command, whole = wardroom("pipe", "add", definitions, environment=environment)
    subprocess.run(command, env=whole, check=True, stdout=subprocess.DEVNULL)

    dice, read, load = random.Random(7), 0, 0
    for n, size in enumerate(counts):
        rows, outcomes = here / "hub" / f"{n}.jsonl", here / "hub" / f"{n}.jsonl.outcomes.jsonl"
        # Once while reading, and then while writing; with the first type.
        once = [size // 3] if kills and n == 0 else []
        often = sorted(dice.randrange(size // 20, size * 9 // 10) for _ in range(kills - 1)) if n == 0 else []
        took, what = run(f"read-{n}", environment, rows.with_name(rows.name + ".part"), once)
        read += took
        assert what["counts"]["written"] == size, what
        took, what = run(f"load-{n}", environment, outcomes, often)
        load += took
        assert what["counts"]["written"] == size, what
    for process in (*proxies, origin, target):
        process.stop()

    # Without limits, so that looking takes no time.
    target = Server(there)
    for n, (size, (_, type_there)) in enumerate(zip(counts, types)):
        check(here / "hub", n, size, entries(target, type_there))
    target.stop()
    print(f"\n{count:,} rows, one request in {ONE_IN} failing, {kills} kills: each row once\n")
    print(f"| what | figure |\n|---|---|\n| source to JSON Lines | {read:.1f} s |")
    print(f"| JSON Lines to destination | {load:.1f} s |")
    if per_key:
        ideal = max(0, count - per_key) / (per_key / 60)
        print(f"| what {per_key:,} requests a minute allow | {ideal:.1f} s |")


def check(files, n, size, found):
    """Fails unless every row is there once: in the file, on the other server, and among the outcomes."""
    wanted = {(f"thing-{n}-{m}", f"Thing {n}.{m}") for m in range(size)}
    written = [json.loads(line) for line in (files / f"{n}.jsonl").read_text().splitlines()]
    written = [(row["external_id"], row["name"]) for row in written]
    for what, rows in (("the file", written), ("the other server", found)):
        if len(rows) != size or set(rows) != wanted:
            raise SystemExit(f"{what}: {len(rows):,} rows, {len(set(rows)):,} of them different")
    told = [json.loads(line) for line in (files / f"{n}.jsonl.outcomes.jsonl").read_text().splitlines()]
    if [one["line"] for one in told] != list(range(1, size + 1)) or {one["outcome"] for one in told} != {"done"}:
        raise SystemExit(f"outcomes: {len(told):,}, {set(one['outcome'] for one in told)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--per-key", type=int, default=12_000, help="requests a minute that the destination takes; 0: any")
    parser.add_argument("--debug", action="store_true", help="measure what `cargo build` makes")
    options = parser.parse_args()
    build(options.debug)
    with a_directory() as directory:
        measure(directory, options.rows, options.kills, options.per_key)


if __name__ == "__main__":
    main()
