"""A code that was called out, as long as it may be entered."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

LIFE = timedelta(minutes=3)
MAX_ATTEMPTS = 5


class Challenge(models.Model):
    """One code for one number. While it lives the number is not called again, whoever asks."""

    phone_number = models.CharField(max_length=16, unique=True)
    reference = models.CharField(max_length=36, unique=True)
    code_hash = models.CharField(max_length=64)
    expires = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        """Its reference; never the number."""
        return self.reference

    @classmethod
    def start(cls, phone_number: str, reference: str) -> str | None:
        """A new code for this number; None while an earlier one lives."""
        code = f"{secrets.randbelow(1_000_000):06d}"
        now = timezone.now()
        cls.objects.filter(expires__lte=now).delete()
        try:
            # The database lets one through, however many ask at once.
            with transaction.atomic():
                cls.objects.create(
                    phone_number=phone_number,
                    reference=reference,
                    code_hash=_hashed(reference, code),
                    expires=now + LIFE,
                )
        except IntegrityError:
            return None
        return code

    @classmethod
    def solve(cls, reference: str, code: str) -> str | None:
        """The number that the code was read to, once; None for a wrong, used or expired code, or too many attempts."""
        living = cls.objects.filter(reference=reference, expires__gt=timezone.now(), attempts__lt=MAX_ATTEMPTS)
        # Counted before the code is looked at, in one statement: guesses that come at once are all counted.
        if not living.update(attempts=models.F("attempts") + 1):
            return None
        challenge = cls.objects.filter(reference=reference).first()
        if challenge is None or not constant_time_compare(challenge.code_hash, _hashed(reference, code)):
            return None
        used, _ = cls.objects.filter(pk=challenge.pk).delete()
        return challenge.phone_number if used else None


def _hashed(reference: str, code: str) -> str:
    # Six digits are quickly tried out, so the hash needs a key that is not in the database: SECRET_KEY.
    return salted_hmac(f"voice code {reference}", code, algorithm="sha256").hexdigest()
