"""A login by voice code that is safe by construction.

A `Verifier` has a code read to a phone and compares what is entered; a store keeps what must outlive a request.
"""

from autocall_otp.verify._limits import Limits
from autocall_otp.verify._redis import AsyncRedisStore, RedisStore
from autocall_otp.verify._results import Challenge, Check, TooManyCallsError, Verdict
from autocall_otp.verify._sqlite import SqliteStore
from autocall_otp.verify._stores import AsyncStore, MemoryStore, Store
from autocall_otp.verify._verifier import AsyncVerifier, Verifier

__all__ = [
    "AsyncRedisStore",
    "AsyncStore",
    "AsyncVerifier",
    "Challenge",
    "Check",
    "Limits",
    "MemoryStore",
    "RedisStore",
    "SqliteStore",
    "Store",
    "TooManyCallsError",
    "Verdict",
    "Verifier",
]
