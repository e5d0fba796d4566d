"""Voice codes from Celery workers that may be killed at any moment."""
