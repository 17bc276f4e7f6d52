"""The Django project: settings, URLs, ASGI, Celery and what all apps share."""
