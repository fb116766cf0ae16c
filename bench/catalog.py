"""The catalog: 50,000 entries of one type with 20 attributes, imported, imported again, and read.

    python3 bench/catalog.py [--postgres URL] [--entries N]

Needs wrk.
"""

import argparse
import json
import os
import subprocess
import time
from pathlib import Path

from common import RELEASE, TOKEN, Server, a_directory, build, postgres_database
from load import wrk

TIERS = 5
TYPE = 'Custom["Service"]'


def write(directory, count):
    """The catalog as files: services that have a tier and other services they need."""
    texts = [{"name": f"Text {n}", "type": "String"} for n in range(15)]
    attributes = [
        *texts,
        {"name": "Replicas", "type": "Number"},
        {"name": "Public", "type": "Bool"},
        {"name": "Labels", "type": "String", "array": True},
        {"name": "Tier", "type": 'Custom["Tier"]'},
        {"name": "Needs", "type": TYPE, "array": True},
    ]

    def service(n):
        values = {f"Text {m}": f"What there is to say of {n}, number {m}" for m in range(15)}
        values |= {"Replicas": n % 7, "Public": n % 2 == 0, "Labels": [f"label-{n % 11}", "all"]}
        values |= {"Tier": f"tier-{n % TIERS}", "Needs": [f"service-{n // 2}", f"service-{n // 3}"]}
        aliases = [f"alias-{n}"]
        return {"external_id": f"service-{n}", "name": f"Service {n}", "aliases": aliases, "values": values}

    tiers = [{"external_id": f"tier-{n}", "name": f"Tier {n}"} for n in range(TIERS)]
    types = [
        {"name": "Tier", "type_name": 'Custom["Tier"]', "description": "How much it matters", "entries": tiers},
        {"name": "Service", "type_name": TYPE, "description": "What runs", "attributes": attributes,
         "entries": [service(n) for n in range(count)]},
    ]
    (Path(directory) / "catalog.json").write_text(json.dumps({"types": types}))


def import_once(server, directory):
    """Seconds that an import takes."""
    environment = {**os.environ, "WARDROOM_URL": server.url, "WARDROOM_API_KEY": TOKEN}
    started = time.monotonic()
    command = [RELEASE / "wardroom", "catalog", "import", Path(directory) / "catalog.json"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def measure(title, directory, database, count):
    server = Server(directory, database)
    write(directory, count)
    first, second = import_once(server, directory), import_once(server, directory)
    types = server.call("GET", "/v3/catalog_types")[1]["catalog_types"]
    type_id = next(one["id"] for one in types if one["type_name"] == TYPE)
    entries = f"{server.url}/v3/catalog_entries?catalog_type_id={type_id}"
    page, identifier = f"{entries}&page_size=250", f"{entries}&page_size=25&identifier=alias-{count // 2}"
    reads = [(what, clients, wrk(url, 8, clients=clients)) for what, url in
             (("a page of 250", page), ("`identifier=`", identifier)) for clients in (4, 16)]
    server.stop()
    print(f"\n{title}, {count:,} entries with 20 attributes\n")
    print(f"| what | figure |\n|---|---|\n| import | {first:.1f} s |\n| the same import again | {second:.1f} s |")
    for what, clients, (rate, latency) in reads:
        figure = f"{rate:,.0f}/s, p50 {latency['50']:.1f} ms, p99 {latency['99']:.1f} ms"
        print(f"| {what}, {clients} clients | {figure} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="also on a new database there")
    parser.add_argument("--entries", type=int, default=50_000)
    options = parser.parse_args()
    build()
    with a_directory() as directory:
        measure("SQLite", directory, None, options.entries)
    if options.postgres:
        with a_directory() as directory, postgres_database(options.postgres) as database:
            measure("PostgreSQL", directory, database, options.entries)


if __name__ == "__main__":
    main()
