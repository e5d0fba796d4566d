from faults.users import one_connection, shell, user
from support.network import net, route

__all__ = ["net", "one_connection", "route", "shell", "user"]
