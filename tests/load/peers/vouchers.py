#!/usr/bin/env python3
"""Redeems vouchers in Django on PostgreSQL, as a shop usually does it, from many callers at once, and prints the figures as JSON.

    tests/load/peers/vouchers.py --postgres postgres://rescate@127.0.0.1:5432/postgres

Django and its server run in a Python environment of their own, which this makes from PyPI below the user's cache folder, once.
Everything is on 127.0.0.1 and bounded in time; the database is made for the run and dropped at the end. A run that redeems more
or less than it was told is an error. Callers are threads of this process, so part of the machine is theirs.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid

PACKAGES = ["django==5.2.19", "gunicorn==27.0.1", "psycopg[binary]==3.3.9"]
HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "rescate"
START_LIMIT = 30
CALL_LIMIT = 10


def environment():
    """The programs of an environment with the peer, made where it is absent or of other packages."""
    folder = CACHE / "vouchers"
    made = folder / "packages.json"
    if not made.exists() or json.loads(made.read_text()) != PACKAGES:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        made.write_text(json.dumps(PACKAGES))
    return folder / "bin"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", required=True, help="a server on which databases may be created")
    parser.add_argument("--vouchers", type=int, default=1, help="vouchers that the callers draw on; with 1, all meet")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--warm-up", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Clock:
    """Starts when all callers have had their first answer, so that every process, thread and connection is there."""

    def __init__(self, given):
        self.begin = self.end = None
        self.given = given
        self.ready = threading.Barrier(given.callers, self.start, START_LIMIT)

    def start(self):
        self.begin = time.perf_counter() + self.given.warm_up
        self.end = self.begin + self.given.seconds


class Caller(threading.Thread):
    """Redeems one voucher after the other, over one connection."""

    def __init__(self, port, vouchers, clock):
        super().__init__(daemon=True)
        self.vouchers, self.clock = vouchers, clock
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_LIMIT)
        self.latencies, self.redeemed, self.failure = [], 0, None

    def run(self):
        try:
            self.redeem()
            self.clock.ready.wait()
            while (began := time.perf_counter()) < self.clock.end:
                self.redeem()
                if began >= self.clock.begin:
                    self.latencies.append(time.perf_counter() - began)
        except Exception as failure:  # told by whoever joins
            self.failure = failure
            self.clock.ready.abort()
        finally:
            self.connection.close()

    def redeem(self):
        code = random.randrange(self.vouchers)
        self.connection.request("POST", f"/redeem/{code}/{uuid.uuid4()}")
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a voucher was not redeemed: {answer.status}")
        self.redeemed += 1


def wait_until_served(port, server):
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError("the server ended before it served")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start in time")


def percentile(sorted_values, share):
    return round(sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))] * 1000, 3)


def one_round(given, programs, variables):
    """Fills the database anew, redeems for so long, and compares what is stored with what was answered."""
    run = lambda what: subprocess.run(
        [programs / "python", HERE / "vouchers_app.py", what], env=variables, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    run("fill")
    port = free_port()
    # One process for each processor, with a thread for each caller.
    workers = os.cpu_count() or 1
    threads = -(-given.callers // workers)
    command = [programs / "gunicorn", "--chdir", HERE, "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    command += ["--threads", str(threads), "--worker-class", "gthread", "--keep-alive", "30", "--log-level", "warning"]
    server = subprocess.Popen([*command, "vouchers_app:application"], env=variables, stdout=sys.stderr)
    try:
        wait_until_served(port, server)
        clock = Clock(given)
        callers = [Caller(port, given.vouchers, clock) for _ in range(given.callers)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(START_LIMIT + given.warm_up + given.seconds + CALL_LIMIT)
        for failure in [caller.failure for caller in callers if caller.failure]:
            raise failure
    finally:
        server.terminate()
        server.wait(CALL_LIMIT)
    answered, stored = sum(caller.redeemed for caller in callers), json.loads(run("count"))
    if stored != {"redemptions": answered, "used": answered}:
        raise RuntimeError(f"{answered} redemptions were answered, and stored are {stored}")
    latencies = sorted(latency for caller in callers for latency in caller.latencies)
    if not latencies:
        raise RuntimeError("nothing was redeemed while it was measured")
    return {
        "redemptions_per_second": round(len(latencies) / given.seconds),
        "p50_ms": percentile(latencies, 0.5),
        "p99_ms": percentile(latencies, 0.99),
        "redeemed": answered,
    }


def main():
    given, programs = arguments(), environment()
    name = f"vouchers_{uuid.uuid4().hex[:12]}"
    variables = os.environ | {
        "VOUCHERS_SERVER": given.postgres,
        "VOUCHERS_DATABASE": name,
        "VOUCHERS_COUNT": str(given.vouchers),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = [programs / "python", HERE / "vouchers_app.py"]
    subprocess.run([*python, "create"], env=variables, check=True)
    try:
        rounds = [one_round(given, programs, variables) for _ in range(given.rounds)]
    finally:
        subprocess.run([*python, "drop"], env=variables, check=True)
    median = lambda figure: statistics.median(round[figure] for round in rounds)
    figures = {
        "peer": PACKAGES,
        "vouchers": given.vouchers,
        "callers": given.callers,
        "summary": {figure: median(figure) for figure in ["redemptions_per_second", "p50_ms", "p99_ms"]},
        "rounds": rounds,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
