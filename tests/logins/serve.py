"""Serves a login recipe in a process of its own, with a clock that tests move; says its port first."""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from autocall_otp.verify import _flows, _sqlite

_offset, _skew = Path(os.environ["TEST_CLOCK"]), float(os.environ["TEST_SKEW"])
_clock = SimpleNamespace(time=lambda: time.time() + _skew + float(_offset.read_text()), sleep=time.sleep)
# Only the login's clock: frameworks take a session for forged that another process signed in their future.
_flows.time = _sqlite.time = _clock  # type: ignore[assignment] # in the place of the module


def main(recipe: str) -> None:
    """Serve it."""
    if recipe == "fastapi_login":
        import uvicorn  # noqa: PLC0415 - the recipe's own server

        app = importlib.import_module("fastapi_login.app").app
        listener = socket.create_server(("127.0.0.1", 0))
        say(listener.getsockname()[1])
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
        return
    from werkzeug.serving import make_server  # noqa: PLC0415 - serves any WSGI app

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
    server = make_server("127.0.0.1", 0, app, threaded=True)
    say(server.port)
    server.serve_forever()


def say(port: int) -> None:
    sys.stdout.write(json.dumps(port) + "\n")
    sys.stdout.flush()


main(sys.argv[1])
