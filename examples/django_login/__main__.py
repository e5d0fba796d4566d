"""Make the database where it is missing, and serve: `python -m django_login`."""

import os
import sys

from django.core.management import call_command, execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_login.settings")

if __name__ == "__main__":
    import django

    django.setup()
    call_command("migrate", verbosity=0)
    execute_from_command_line(["django_login", "runserver", *sys.argv[1:]])
