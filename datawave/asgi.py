"""ASGI entry point: HTTP by Django, WebSockets by Channels."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datawave.settings")
django_application = get_asgi_application()

# Imported late: the routes import models, which need the app registry that the line above fills.
from channels.auth import AuthMiddlewareStack  # noqa: E402  # after Django is set up
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  # after Django is set up
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402  # after Django is set up
from django.conf import settings  # noqa: E402  # after Django is set up

from apps.notifications.routing import websocket_urlpatterns  # noqa: E402  # after Django is set up
from datawave.common.bodies import BodyLimit  # noqa: E402  # after Django is set up

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(django_application, settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
