"""A small web application: counts visits in redis, and tells its supervisor when it is ready.

Only the standard library. What makes it a good service is in `notify` and `main`: it says READY=1 when it listens,
not before, and it ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def notify(message: str) -> None:
    """Tells the supervisor, as sd_notify(3) does. Nothing happens where nobody asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
            supervisor.sendto(message.encode(), "\0" + address[1:] if address[0] == "@" else address)


def count_visit() -> int:
    """One more visit: redis counts."""
    port = int(os.environ.get("REDIS_PORT", "6379"))
    with socket.create_connection(("127.0.0.1", port), timeout=1) as redis:
        redis.sendall(b"*2\r\n$4\r\nINCR\r\n$6\r\nvisits\r\n")
        answer = redis.makefile("rb").readline()
    if not answer.startswith(b":"):
        raise OSError(f"redis answered {answer!r}")
    return int(answer[1:])


class Handler(BaseHTTPRequestHandler):
    """Answers every path with the number of visits so far."""

    task = 0

    def do_GET(self) -> None:
        try:
            status, text = 200, f"visit {count_visit()}, served by app:{self.task} (pid {os.getpid()})\n"
        except OSError as error:
            status, text = 503, f"no redis: {error}\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", type=int, default=0, help="the worker's number: it listens on 8481 + TASK")
    Handler.task = parser.parse_args().task

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ThreadingHTTPServer(("127.0.0.1", 8481 + Handler.task), Handler) as server:
        notify(f"READY=1\nSTATUS=listening on port {server.server_port}")
        server.serve_forever()


if __name__ == "__main__":
    main()
