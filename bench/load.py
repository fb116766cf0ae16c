"""Load: requests a second and latencies, beside a bare axum handler that answers as many bytes.

    python3 bench/load.py [--postgres URL] [--seconds N] [--incidents N]

Needs wrk. Prints a Markdown table.
"""

import argparse
import re
import subprocess
import tempfile

from common import RELEASE, TOKEN, Process, Server, a_directory, build, postgres_database

CLIENTS = 16
UNITS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}

CREATE = """
local thread = 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function init() count = 0; run = "%s" end
function request()
  count = count + 1
  local body = string.format(
    '{"idempotency_key":"%%s-%%d-%%d","visibility":"public","severity_id":"%s","name":"Checkout answers slowly"}',
    run, id, count)
  return wrk.format("POST", "/v2/incidents", nil, body)
end
"""


def wrk(url, seconds, script=None, headers=(), clients=CLIENTS):
    """Requests a second, and latencies in milliseconds by percentile."""
    command = ["wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--latency"]
    for header in (f"Authorization: Bearer {TOKEN}", "Content-Type: application/json", *headers):
        command += ["-H", header]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        if script:
            file.write(script)
            file.flush()
            command += ["-s", file.name]
        said = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        raise SystemExit(said)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    latencies = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+\w+)", said, re.M))
    milliseconds = {k: float(re.match(r"[\d.]+", v)[0]) * UNITS[re.sub(r"[\d.]+", "", v)] for k, v in latencies.items()}
    return rate, milliseconds


def measure(server, seconds, incidents):
    """The rows of the table."""
    severity = server.call("GET", "/v1/severities")[1]["severities"][0]["id"]
    idle = server.resident
    script = lambda run: CREATE % (run, severity)
    creates = wrk(server.url, seconds, script("measured"))
    filled = 0
    while (have := server.call("GET", "/v2/incidents?page_size=1")[1]["pagination_meta"]["total_record_count"]) < incidents:
        wrk(server.url, max(1, min(seconds, int((incidents - have) / creates[0]))), script(f"fill{filled}"))
        filled += 1
    full = server.resident
    page, body = server.call("GET", "/v2/incidents?page_size=25")
    show_path = f"/v2/incidents/{body['incidents'][0]['id']}"
    show, _ = server.call("GET", show_path)
    rows = []
    for name, path, text in (
        ("`GET /v2/incidents/{id}`", show_path, show),
        (f"`GET /v2/incidents?page_size=25` of {have:,}", "/v2/incidents?page_size=25", page),
    ):
        rows.append((name, len(text), wrk(server.url + path, seconds), bare(len(text), seconds)))
    rows.append(("`POST /v2/incidents`", len(show), creates, bare(len(show), seconds, script("bare"))))
    return rows, idle, full, have


def bare(size, seconds, script=None):
    """The same load on the handler that does nothing."""
    process = Process(RELEASE / "examples" / "bare", "127.0.0.1:0", size)
    try:
        return wrk(process.url, seconds, script)
    finally:
        process.stop()


def report(title, directory, database, options):
    server = Server(directory, database)
    try:
        rows, idle, full, have = measure(server, options.seconds, options.incidents)
    finally:
        server.stop()
    print(f"\n{title}: up in {server.startup * 1000:.0f} ms; {idle:.0f} MiB resident idle, {full:.0f} MiB with {have:,} incidents\n")
    print("| request | bytes | requests/s | p50 ms | p99 ms | bare handler/s | ratio |\n|---|---|---|---|---|---|---|")
    for name, size, (rate, latency), (plain, _) in rows:
        print(f"| {name} | {size:,} | {rate:,.0f} | {latency['50']:.2f} | {latency['99']:.2f} | {plain:,.0f} | {rate / plain:.0%} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="also on a new database there")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--incidents", type=int, default=100_000)
    options = parser.parse_args()
    build()
    with a_directory() as directory:
        report("SQLite", directory, None, options)
    if options.postgres:
        with a_directory() as directory, postgres_database(options.postgres) as database:
            report("PostgreSQL", directory, database, options)


if __name__ == "__main__":
    main()
