"""A Django model as a store. Copy the model into an app of yours and make a migration for it."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, models, transaction
from django.utils import timezone


class LoginRecord(models.Model):
    """What a login must remember beyond a request."""

    key = models.CharField(max_length=80, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        """Outside of an app of its own here."""

        app_label = "own_store"

    def __str__(self) -> str:
        """Its key, which tells nothing."""
        return self.key


class DjangoStore:
    """Each change is one statement, outside of the transaction of a view: use no ATOMIC_REQUESTS with it."""

    def get(self, key: str) -> str | None:
        """The value; None where there is none, or its time is over."""
        found: str | None = self._living(key).values_list("value", flat=True).first()
        return found

    def swap(self, key: str, old: str | None, new: str | None, ttl: float) -> bool:
        """Put `new` in the place of `old`, for `ttl` seconds; say whether it was done."""
        now = timezone.now()
        expires = now + timedelta(seconds=ttl)
        if old is not None:
            same = self._living(key).filter(value=old)
            # Not deleted: with a receiver of pre_delete that is a SELECT, and later a DELETE by key alone.
            return bool(same.update(expires=now) if new is None else same.update(value=new, expires=expires))
        if LoginRecord.objects.filter(key=key, expires__lte=now).update(value=new, expires=expires):
            return True
        # Those that are long over: hardly anybody puts a value in the place of one between the SELECT and the DELETE.
        LoginRecord.objects.filter(expires__lte=now - timedelta(days=1)).delete()
        try:
            with transaction.atomic():
                LoginRecord.objects.create(key=key, value=new, expires=expires)
        except IntegrityError:
            return False
        return True

    def _living(self, key: str) -> models.QuerySet[LoginRecord]:
        return LoginRecord.objects.filter(key=key, expires__gt=timezone.now())
