"""Customers, companies, contacts and what was said to them."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.spec import Table, col
from datawave.demo.words import (
    COLOURS,
    INDUSTRIES,
    JOB_TITLES,
    LANGUAGES,
    MARITAL,
    REMARKS,
    TIMEZONES,
)

_YES_NO = ("Y", "N")

CUSTOMERS = Table(
    "crm_customers", 1_500,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("cust_nm", "VARCHAR(120) NOT NULL", m.full_name, "person.full_name"),
        col("fname", "VARCHAR(60)", m.first_name, "person.first_name"),
        col("lname", "VARCHAR(60)", m.last_name, "person.last_name"),
        col("gender", "CHAR(1)", m.sparse(m.gender, 0.15), "person.gender"),
        col("dob", "DATE", m.sparse(m.days(29_000, 6_600), 0.25), "person.date_of_birth"),
        col("email", "VARCHAR(255)", m.email, "contact.email"),
        col("email_verified", "BOOLEAN NOT NULL", m.pick((1, 0), (4, 1)), "boolean"),
        col("ph_no", "VARCHAR(32)", m.sparse(m.phone, 0.3), "contact.phone"),
        col("mobile", "VARCHAR(32)", m.sparse(m.mobile, 0.45), "contact.phone"),
        col("lang", "CHAR(2)", m.pick(LANGUAGES), "language"),
        col("segment", "VARCHAR(20)", m.pick(("bronze", "silver", "gold")), "other"),
        col("churn_score", "REAL", m.decimals(0, 1, 3), "person.score"),
        col("created_at", "TIMESTAMP NOT NULL", m.moments(2_400), "datetime"),
        col("updated_at", "TIMESTAMP", m.sparse(m.moments(300), 0.1), "datetime"),
    ),
    ("CHECK (email_verified IN (0, 1))", "CHECK (gender IN ('F', 'M') OR gender IS NULL)"),
    (("email",), ("lname", "fname")),
)  # fmt: skip

ADDRESSES = Table(
    "crm_addresses", 1_800,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("customer_id", "INTEGER NOT NULL REFERENCES crm_customers(id)",
            m.ref("crm_customers"), "id.record"),
        col("kind", "VARCHAR(10)", m.pick(("home", "work", "billing")), "other"),
        col("street", "VARCHAR(120)", m.street_name, "address.street"),
        col("house_no", "VARCHAR(10)", m.house_number, "address.house_or_unit"),
        col("city", "VARCHAR(80)", m.city, "address.city"),
        col("region", "VARCHAR(80)", m.region, "address.region"),
        col("plz", "VARCHAR(12)", m.postal_code, "address.postal_code"),
        col("country", "VARCHAR(60)", m.country, "address.country"),
        col("cc", "CHAR(2)", m.country_code, "address.country_code"),
        col("lat", "REAL", m.sparse(m.latitude, 0.2), "geo.latitude"),
        col("lon", "REAL", m.sparse(m.longitude, 0.2), "geo.longitude"),
        col("is_default", "BOOLEAN", m.pick((0, 1)), "boolean"),
    ),
    indexes=(("customer_id",), ("plz",)),
)  # fmt: skip

COMPANIES = Table(
    "crm_companies", 300,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("company_name", "VARCHAR(120) NOT NULL", m.organisations, "org.name"),
        col("vat_no", "VARCHAR(20)", m.vat_numbers, "org.registration_number"),
        col("website", "VARCHAR(200)", m.numbered("https://www.partner{}.example"), "net.url"),
        col("industry", "VARCHAR(40)", m.pick(INDUSTRIES), "other"),
        col("employees", "INTEGER", m.integers(3, 4_000), "quantity"),
        col("hq_city", "VARCHAR(80)", m.city, "address.city"),
        col("hq_country_code", "CHAR(2)", m.country_code, "address.country_code"),
        col("annual_revenue", "NUMERIC(14,2)", m.decimals(90_000, 9e7), "finance.amount"),
        col("founded", "INTEGER", m.integers(1921, 2024), "year"),
    ),
    ("CHECK (employees > 0)",),
    (("company_name",),),
)  # fmt: skip

CONTACTS = Table(
    "crm_contacts", 600,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("company_id", "INTEGER REFERENCES crm_companies(id)",
            m.ref("crm_companies"), "id.record"),
        col("contact_person", "VARCHAR(120)", m.full_name, "person.full_name"),
        col("position", "VARCHAR(80)", m.pick(JOB_TITLES), "person.job_title"),
        col("work_email", "VARCHAR(255)", m.email, "contact.email"),
        col("tel", "VARCHAR(32)", m.phone, "contact.phone"),
        col("fax", "VARCHAR(32)", m.sparse(m.phone, 0.8), "contact.fax"),
        col("remarks", "TEXT", m.sparse(m.notes(REMARKS, with_contact=0.2), 0.5), "text.free"),
    ),
    indexes=(("company_id",),),
)  # fmt: skip

INTERACTIONS = Table(
    "crm_interactions", 2_600,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("customer_id", "INTEGER REFERENCES crm_customers(id)",
            m.ref("crm_customers"), "id.record"),
        col("channel", "VARCHAR(10)", m.pick(("phone", "email", "chat", "store")), "other"),
        col("started_at", "TIMESTAMP", m.moments(900), "datetime"),
        col("handling_seconds", "INTEGER", m.integers(20, 2_400), "duration"),
        col("notes", "TEXT", m.notes(REMARKS, with_contact=0.25), "text.free"),
        col("satisfaction", "INTEGER", m.sparse(m.integers(1, 5), 0.6), "quantity"),
    ),
    ("CHECK (satisfaction BETWEEN 1 AND 5 OR satisfaction IS NULL)",),
    (("customer_id", "started_at"),),
)  # fmt: skip

CONSENTS = Table(
    "crm_consents", 1_200,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("customer_id", "INTEGER REFERENCES crm_customers(id)",
            m.ref("crm_customers"), "id.record"),
        col("purpose", "VARCHAR(20)", m.pick(("newsletter", "profiling", "sms")), "other"),
        col("consent_given", "BOOLEAN", m.pick((1, 0), (3, 1)), "consent.record"),
        col("given_at", "TIMESTAMP", m.moments(1_200), "datetime"),
        col("withdrawn_at", "TIMESTAMP", m.sparse(m.moments(400), 0.85), "datetime"),
        col("ip", "VARCHAR(45)", m.ipv4, "net.ipv4"),
    ),
)  # fmt: skip

# c1..c6 say nothing of what they hold, as columns of a hurried import do.
IMPORT_2019 = Table(
    "crm_import_2019", 400,
    (
        col("c1", "TEXT", m.first_name, "person.first_name"),
        col("c2", "TEXT", m.last_name, "person.last_name"),
        col("c3", "TEXT", m.email, "contact.email"),
        col("c4", "TEXT", m.phone, "contact.phone"),
        col("c5", "TEXT", m.postal_code, "address.postal_code"),
        col("c6", "TEXT", m.days(27_000, 7_000, "%d.%m.%Y"), "person.date_of_birth"),
    ),
)  # fmt: skip

_FLAGS = (
    "owns_bike",
    "owns_kayak",
    "has_children",
    "camps_in_winter",
    "member",
    "vip",
    "opt_in_sms",
)
_COUNTS = ("orders_12m", "returns_12m", "visits_30d", "opens_30d", "clicks_30d", "items_in_cart",
           "wishlist_len", "support_calls", "household_size", "days_since_order")  # fmt: skip
_AMOUNTS = ("spend_12m", "spend_total", "avg_basket", "refunds_total", "voucher_total", "ship_paid")
_SHARES = ("discount_share_pct", "online_share_pct", "email_open_pct", "return_rate_pct")
_TASTES = ("fav_colour", "fav_category", "fav_channel", "pay_habit", "size_top", "size_shoe")

PROFILE_WIDE = Table(
    "crm_profile_wide", 900,
    (
        col("customer_id", "INTEGER PRIMARY KEY REFERENCES crm_customers(id)",
            m.ref_once("crm_customers"), "id.record"),
        col("age", "INTEGER", m.sparse(m.integers(18, 92), 0.2), "person.age"),
        col("birth_yr", "SMALLINT", m.sparse(m.integers(1934, 2008), 0.2), "person.birth_year"),
        col("marital", "VARCHAR(12)", m.sparse(m.pick(MARITAL), 0.4), "person.marital_status"),
        col("occupation", "VARCHAR(60)", m.sparse(m.pick(JOB_TITLES), 0.5), "person.job_title"),
        col("yearly_income", "INTEGER", m.sparse(m.integers(14_000, 190_000), 0.7),
            "finance.income"),
        col("town", "VARCHAR(80)", m.city, "address.city"),
        col("tz", "VARCHAR(40)", m.pick(TIMEZONES), "timezone"),
        *(col(n, "BOOLEAN", m.pick((0, 1, None), (5, 3, 1)), "boolean") for n in _FLAGS),
        *(col(n, "INTEGER", m.integers(0, 40), "quantity") for n in _COUNTS),
        *(col(n, "NUMERIC(10,2)", m.decimals(0, 900), "finance.amount") for n in _AMOUNTS),
        *(col(n, "REAL", m.decimals(0, 100, 1), "percentage") for n in _SHARES),
        *(col(n, "VARCHAR(20)", m.sparse(m.pick(COLOURS), 0.3), "other") for n in _TASTES),
        col("newsletter_yn", "CHAR(1)", m.pick(_YES_NO), "boolean"),
        col("scored_on", "DATE", m.days(30), "date"),
    ),
)  # fmt: skip

CRM = (
    CUSTOMERS, ADDRESSES, COMPANIES, CONTACTS, INTERACTIONS, CONSENTS, IMPORT_2019, PROFILE_WIDE,
)  # fmt: skip
