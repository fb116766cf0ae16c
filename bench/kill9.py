"""Kills a server again and again under load, and looks for every incident that it had acknowledged.

    python3 bench/kill9.py [--postgres URL] [--kills N]

Ends with an error if one is missing, was made twice, or has another's reference.
"""

import argparse
import random
import threading
import time
import urllib.error

from common import Server, a_directory, build, postgres_database

CLIENTS = 8


def declare(server, severity, run, client, acknowledged):
    """Declares incidents until the server is gone."""
    count = 0
    while True:
        count += 1
        key = f"{run}-{client}-{count}"
        body = {"idempotency_key": key, "visibility": "public", "severity_id": severity, "name": key}
        try:
            incident = server.call("POST", "/v2/incidents", body)[1]["incident"]
        except (OSError, urllib.error.URLError, ValueError):
            return
        acknowledged[incident["id"]] = (incident["reference"], key)


def everything(server):
    """Every incident: ID to reference and name."""
    found, after = {}, ""
    while after is not None:
        page = server.call("GET", f"/v2/incidents?page_size=500{after and '&after=' + after}")[1]
        for incident in page["incidents"]:
            found[incident["id"]] = (incident["reference"], incident["name"])
        last = page["pagination_meta"].get("after")
        after = last if last and page["incidents"] else None
    return found


def run(directory, database, kills):
    dice = random.Random(7)
    acknowledged, severity = {}, None
    for number in range(kills):
        server = Server(directory, database)
        severity = severity or server.call("GET", "/v1/severities")[1]["severities"][0]["id"]
        clients = [
            threading.Thread(target=declare, args=(server, severity, number, client, acknowledged))
            for client in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        time.sleep(dice.uniform(0.05, 0.5))
        server.kill()
        for client in clients:
            client.join()
    server = Server(directory, database)
    found = everything(server)
    server.stop()

    lost = [told for identifier, told in acknowledged.items() if found.get(identifier) != told]
    numbers = sorted(int(reference.split("-")[1]) for reference, _ in found.values())
    names = {name for _, name in found.values()}
    print(f"{kills} kills, {len(acknowledged):,} acknowledged, {len(found):,} kept, {len(lost)} lost")
    if lost or len(names) != len(found) or numbers != list(range(1, len(numbers) + 1)):
        raise SystemExit(f"lost: {lost[:5]}; twice: {len(found) - len(names)}; gaps: {numbers[-1] - len(numbers)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="on a new database there, not on SQLite")
    parser.add_argument("--kills", type=int, default=100)
    options = parser.parse_args()
    build()
    with a_directory() as directory:
        if not options.postgres:
            return run(directory, None, options.kills)
        with postgres_database(options.postgres) as database:
            run(directory, database, options.kills)


if __name__ == "__main__":
    main()
