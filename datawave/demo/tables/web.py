"""The web shop: log-ins with their secrets, sessions, events, a raw log without any key."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.spec import Draw, Table, col
from datawave.demo.words import LANGUAGES, USER_AGENTS

_EVENTS = ("page_view", "add_to_cart", "search", "checkout", "sign_in")
_PATHS = ("/", "/tents", "/cart", "/account", "/checkout", "/search?q=stove")


def _payload(draw: Draw) -> dict[str, object]:
    return {"path": draw.rng.choice(_PATHS), "ms": draw.rng.randrange(20, 900), "ab": "B"}


def _setting(draw: Draw) -> dict[str, object]:
    return {"enabled": bool(draw.rng.getrandbits(1)), "limit": draw.rng.randrange(100)}


USERS = Table(
    "web_users", 1_200,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("guid", "CHAR(36) NOT NULL UNIQUE", m.uuids, "id.uuid"),
        col("login", "VARCHAR(60)", m.username, "user.username"),
        col("mail", "VARCHAR(255)", m.email, "contact.email"),
        col("pwd", "CHAR(60)", m.bcrypt_hashes, "secret.password_hash"),
        col("api_key", "VARCHAR(60)", m.sparse(m.api_tokens, 0.85), "secret.api_token"),
        col("security_answer", "VARCHAR(60)",
            m.sparse(m.pick(("Rex", "blue", "Rosewood Primary", "Lisbon")), 0.6),
            "secret.security_answer"),
        col("last_ip", "VARCHAR(45)", m.ipv4, "net.ipv4"),
        col("locale", "VARCHAR(5)", m.pick(LANGUAGES), "language"),
        col("mfa", "BOOLEAN", m.pick((0, 1)), "boolean"),
        col("signed_up", "TIMESTAMP", m.moments(2_000), "datetime"),
        col("avatar", "VARCHAR(200)", m.numbered("https://cdn.brackwater.example/a/{}.png"),
            "net.url"),
    ),
    indexes=(("mail",),),
)  # fmt: skip

SESSIONS = Table(
    "web_sessions", 2_400,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("user_id", "INTEGER REFERENCES web_users(id)",
            m.sparse(m.ref("web_users"), 0.3), "id.record"),
        col("ip_addr", "VARCHAR(45)", m.ipv4, "net.ipv4"),
        col("ip6", "VARCHAR(45)", m.sparse(m.ipv6, 0.7), "net.ipv6"),
        col("ua", "TEXT", m.pick(USER_AGENTS), "net.user_agent"),
        col("device_id", "CHAR(16)", m.filled("A#?##?##??#?###?"), "device.id"),
        col("mac", "CHAR(17)", m.sparse(m.macs, 0.9), "net.mac_address"),
        col("referrer", "VARCHAR(200)",
            m.sparse(m.pick(("https://search.example/", "https://blog.example/tents")), 0.4),
            "net.url"),
        col("started_at", "TIMESTAMP", m.moments(200), "datetime"),
    ),
    indexes=(("user_id",),),
)  # fmt: skip

_EVENT_COLUMNS = (
    col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
    col("session_id", "INTEGER REFERENCES web_sessions(id)", m.ref("web_sessions"),
        "id.record"),
    col("event", "VARCHAR(20)", m.pick(_EVENTS), "other"),
    col("ts", "INTEGER", m.epochs(200), "datetime"),
)  # fmt: skip

EVENTS = Table(
    "web_events", 6_000,
    (*_EVENT_COLUMNS, col("payload", "JSON", m.documents(_payload), "data.json")),
    indexes=(("session_id",), ("ts",)),
)  # fmt: skip

CLICKSTREAM = Table(
    "web_clickstream", 1_000_000,
    (*_EVENT_COLUMNS, col("host", "VARCHAR(40)", m.pick(("shop.brackwater.example",)),
                          "net.hostname")),
)  # fmt: skip

RAW_LOG = Table(
    "web_raw_log", 1_200,
    (
        col("ts", "TEXT", m.moments(30), "datetime"),
        col("remote_addr", "TEXT", m.ipv4, "net.ipv4"),
        col("host", "TEXT", m.pick(("web1.brackwater.example", "web2.brackwater.example")),
            "net.hostname"),
        col("path", "TEXT", m.pick(_PATHS), "net.url"),
        col("status", "INTEGER", m.pick((200, 301, 404, 500), (90, 4, 5, 1)), "code"),
        col("bytes", "INTEGER", m.integers(180, 90_000), "quantity"),
        col("checksum", "CHAR(64)", m.hex_digests, "data.hash"),
    ),
)  # fmt: skip

NEWSLETTER = Table(
    "web_newsletter_queue", 0,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("email_address", "VARCHAR(255)", m.email, "contact.email"),
        col("subject", "VARCHAR(120)", m.pick(("News",)), "text.free"),
        col("queued_at", "TIMESTAMP", m.moments(2), "datetime"),
    ),
)  # fmt: skip

SETTINGS = Table(
    "web_settings", 24,
    (
        col("setting_key", "VARCHAR(40) PRIMARY KEY", m.numbered("shop.option.{}"), "other"),
        col("setting_json", "JSON", m.documents(_setting), "data.json"),
        col("changed_at", "TIMESTAMP", m.moments(400), "datetime"),
    ),
)  # fmt: skip

WEB = (USERS, SESSIONS, EVENTS, RAW_LOG, NEWSLETTER, SETTINGS)
