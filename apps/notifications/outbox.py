"""Turns a notice into an e-mail, and a mail server's answer into what to do next."""

from __future__ import annotations

import datetime as dt
import random
import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from datawave.common.errors import DataWaveError

from .models import Delivery, Notice

GIVE_UP_AFTER = 8
BASE_SECONDS = 30
CAP_SECONDS = 3600
PERMANENT = 500
SUBJECT_LENGTH = 150


class Undelivered(DataWaveError):
    """The mail server could not be reached or asked to try later."""

    retry = True


class Refused(DataWaveError):
    """The mail server refuses this message for good."""


def wait_before(attempts: int) -> dt.timedelta:
    """Time until the next try: a random share of a doubling span, so that retries spread out."""
    span = min(CAP_SECONDS, BASE_SECONDS * 2 ** (attempts - 1))
    return dt.timedelta(seconds=random.uniform(1, span))  # noqa: S311  # spreads load, no secret


def send_notice(delivery: Delivery) -> None:
    """Send it. Raises Refused or Undelivered; neither repeats what the server said."""
    try:
        compose(delivery).send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _judge(max(codes, default=0)) from None
    except smtplib.SMTPDataError as error:
        raise _judge(error.smtp_code) from None
    except (smtplib.SMTPException, OSError):
        raise Undelivered from None
    except ValueError:
        # A header or address that no mail can carry stays so.
        raise Refused from None


def _judge(code: int) -> DataWaveError:
    return Refused() if code >= PERMANENT else Undelivered()


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """The e-mail: plain text and simple HTML, with one link."""
    notice = delivery.notice
    link = f"{settings.BASE_URL.rstrip('/')}{notice.url}" if notice.url else ""
    context = {"notice": notice, "link": link, "person": notice.user}
    mail = EmailMultiAlternatives(
        subject=write_subject(notice),
        body=render_to_string("notifications/mail.txt", context),
        to=[delivery.address],
        headers={"Message-ID": _message_id(notice), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def write_subject(notice: Notice) -> str:
    """One short line, whatever the names in it hold: no line break, no control character."""
    plain = "".join(char if char.isprintable() else " " for char in notice.title)
    return f"[DataWave] {' '.join(plain.split())}"[:SUBJECT_LENGTH]


def _message_id(notice: Notice) -> str:
    """The same for each try, so that a mail server can tell a repeat."""
    return f"<notice-{notice.public_id}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"
