"""Serves a login recipe in a process of its own, with a clock that tests move; says its port first."""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
from pathlib import Path

_offset, _skew, _now = Path(os.environ["TEST_CLOCK"]), float(os.environ["TEST_SKEW"]), time.time
time.time = lambda: _now() + _skew + float(_offset.read_text() or "0")


def main(recipe: str) -> None:
    """Serve it."""
    listener = socket.create_server(("127.0.0.1", 0))
    if recipe == "fastapi_login":
        import uvicorn  # noqa: PLC0415 - the recipe's own server

        app = importlib.import_module("fastapi_login.app").app
        say(listener)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
        return
    from werkzeug.serving import run_simple  # noqa: PLC0415 - serves any WSGI app

    if recipe == "django_login":
        import django  # noqa: PLC0415 - the recipe's own
        from django.core.management import call_command  # noqa: PLC0415 - the same
        from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - the same

        os.environ["DJANGO_SETTINGS_MODULE"] = "django_login.settings"
        django.setup()
        if not Path(os.environ["DJANGO_DB"]).exists():
            call_command("migrate", verbosity=0)
        app = get_wsgi_application()
    else:
        app = importlib.import_module(f"{recipe}.app").app
    say(listener)
    run_simple("127.0.0.1", listener.getsockname()[1], app, threaded=True, fd=listener.fileno())


def say(listener: socket.socket) -> None:
    sys.stdout.write(json.dumps(listener.getsockname()[1]) + "\n")
    sys.stdout.flush()


main(sys.argv[1])
