"""Serves a login recipe in processes with clocks that differ, and that tests move; each says its place and its port."""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from autocall_otp.verify import _flows, _sqlite


def django_app() -> Any:
    import django  # noqa: PLC0415 - the recipe's own
    from django.core.management import call_command  # noqa: PLC0415 - the same
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - the same
    from django.db import connections  # noqa: PLC0415 - the same

    os.environ["DJANGO_SETTINGS_MODULE"] = "django_login.settings"
    django.setup()
    call_command("migrate", verbosity=0)
    connections.close_all()
    return get_wsgi_application()


def server(recipe: str) -> Callable[[socket.socket], object]:
    """What serves the recipe on a socket."""
    app = django_app() if recipe == "django_login" else importlib.import_module(f"{recipe}.app").app
    if recipe == "fastapi_login":
        import uvicorn  # noqa: PLC0415 - the recipe's own server

        return lambda listener: uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
    from werkzeug.serving import make_server  # noqa: PLC0415 - serves any WSGI app

    return lambda listener: make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno()).serve_forever()


def main(recipe: str, offset: str, *skews: str) -> None:
    """Serve it."""
    serve = server(recipe)
    for place, skew in enumerate(map(float, skews)):
        if os.fork():
            continue
        # Only the login's clock: frameworks take a session for forged that another process signed in their future.
        now = lambda skew=skew: time.time() + skew + float(Path(offset).read_text())  # noqa: E731 - for this process
        _flows.time = _sqlite.time = SimpleNamespace(time=now, sleep=time.sleep)  # type: ignore[assignment] # in the place of the module
        listener = socket.create_server(("127.0.0.1", 0))
        sys.stdout.write(json.dumps([place, listener.getsockname()[1]]) + "\n")
        sys.stdout.flush()
        serve(listener)
        return
    os.wait()


main(*sys.argv[1:])
