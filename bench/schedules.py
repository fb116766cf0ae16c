"""Schedules: who is on call, of ten rotations of fifty people each, asked for by many at once.

    python3 bench/schedules.py [--postgres URL] [--seconds N]

Needs wrk.
"""

import argparse
import subprocess

from common import RELEASE, TOKEN, Server, a_directory, build, postgres_database
from load import wrk

ROTATIONS, PEOPLE, OVERRIDES = 10, 50, 50
START = "2026-03-02T00:00:00Z"
WEEK, FOUR_WEEKS = "2026-03-09T00:00:00Z", "2026-03-30T00:00:00Z"


def people(directory, database):
    """The IDs of fifty new users."""
    place = ["--data-dir", str(directory)] + (["--database", database] if database else [])

    def add(n):
        command = [RELEASE / "wardroom", "users", "add", *place, "--name", f"User {n}", "--email", f"user{n}@acme.example"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]

    return [add(n) for n in range(PEOPLE)]


def schedule(server, users):
    """A schedule whose rotations began twenty years ago, with overrides."""
    rotation = lambda n: {
        "id": f"rotation-{n}", "name": f"Rotation {n}", "handover_start_at": "2006-01-02T09:00:00Z",
        "handovers": [{"interval": 1, "interval_type": "daily"}],
        "layers": [{"id": "primary", "name": "Primary"}],
        "users": [{"id": user} for user in users[n:] + users[:n]],
    }
    config = {"rotations": [rotation(n) for n in range(ROTATIONS)]}
    body = {"schedule": {"name": "On call", "timezone": "Europe/London", "config": config}}
    made = server.call("POST", "/v2/schedules", body)[1]["schedule"]["id"]
    for n in range(OVERRIDES):
        day = 2 + n % 28
        server.call("POST", "/v2/schedule_overrides", {
            "schedule_id": made, "rotation_id": f"rotation-{n % ROTATIONS}", "layer_id": "primary",
            "user": {"id": users[n]},
            "start_at": f"2026-03-{day:02}T12:00:00Z", "end_at": f"2026-03-{day:02}T18:00:00Z",
        })
    return made


def measure(title, directory, database, seconds):
    server = Server(directory, database)
    made = schedule(server, people(directory, database))
    entries = lambda end: f"/v2/schedule_entries?schedule_id={made}&entry_window_start={START}&entry_window_end={end}"
    reads = [
        ("`GET /v2/schedules/{id}`, now and next", f"/v2/schedules/{made}"),
        ("`GET /v2/schedule_entries`, a week", entries(WEEK)),
        ("`GET /v2/schedule_entries`, four weeks", entries(FOUR_WEEKS)),
    ]
    print(f"\n{title}: {ROTATIONS} rotations of {PEOPLE} people from 2006 on, {OVERRIDES} overrides\n")
    print("| what | bytes | clients | requests/s | p50 ms | p99 ms |\n|---|---|---|---|---|---|")
    for what, path in reads:
        size = len(server.call("GET", path)[0])
        for clients in (4, 16):
            rate, latency = wrk(server.url + path, seconds, clients=clients)
            print(f"| {what} | {size:,} | {clients} | {rate:,.0f} | {latency['50']:.1f} | {latency['99']:.1f} |")
    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="also on a new database there")
    parser.add_argument("--seconds", type=int, default=8)
    options = parser.parse_args()
    build()
    with a_directory() as directory:
        measure("SQLite", directory, None, options.seconds)
    if options.postgres:
        with a_directory() as directory, postgres_database(options.postgres) as database:
            measure("PostgreSQL", directory, database, options.seconds)


if __name__ == "__main__":
    main()
