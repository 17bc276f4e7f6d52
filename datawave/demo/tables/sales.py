"""Products, orders, stores, and two tables whose column names mislead."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.spec import Table, col
from datawave.demo.words import (
    CATEGORIES,
    COLOURS,
    GOODS_ADJECTIVES,
    GOODS_NOUNS,
    PHONE_BRANDS,
    PHONE_MODELS,
    TIMEZONES,
)

_GOODS = tuple(f"{adjective} {noun}" for adjective in GOODS_ADJECTIVES for noun in GOODS_NOUNS)
_CURRENCIES = ("EUR", "USD", "GBP", "PLN")

CATEGORY = Table(
    "sales_categories", 14,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("category_name", "VARCHAR(40) NOT NULL UNIQUE", m.listed(CATEGORIES), "other"),
        col("parent_id", "INTEGER REFERENCES sales_categories(id)",
            m.sparse(m.const(1), 0.6), "id.record"),
    ),
)  # fmt: skip

PRODUCTS = Table(
    "sales_products", 140,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("sku", "VARCHAR(20) NOT NULL UNIQUE", m.numbered("BRK-{:05d}", 310), "id.record"),
        col("name", "VARCHAR(80) NOT NULL", m.listed(_GOODS), "product.name"),
        col("category_id", "INTEGER REFERENCES sales_categories(id)",
            m.ref("sales_categories"), "id.record"),
        col("list_price", "NUMERIC(10,2)", m.decimals(4, 680), "finance.amount"),
        col("unit_cost", "NUMERIC(10,2)", m.decimals(2, 300), "finance.amount"),
        col("ccy", "CHAR(3)", m.pick(_CURRENCIES), "finance.currency_code"),
        col("weight_kg", "REAL", m.decimals(0.05, 9), "quantity"),
        col("ean", "CHAR(13)", m.barcodes, "product.barcode"),
        col("colour", "VARCHAR(20)", m.pick(COLOURS), "other"),
        col("discontinued", "BOOLEAN", m.pick((0, 1), (9, 1)), "boolean"),
        col("thumbnail", "BLOB", m.sparse(m.blobs, 0.5), "data.binary"),
    ),
    ("CHECK (list_price >= 0)",),
    (("category_id",),),
)  # fmt: skip

STORES = Table(
    "sales_stores", 25,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("store_name", "VARCHAR(80)", m.numbered("Brackwater No. {}"), "org.name"),
        col("addr1", "VARCHAR(120)", m.street, "address.street"),
        col("city", "VARCHAR(80)", m.city, "address.city"),
        col("zip", "VARCHAR(12)", m.postal_code, "address.postal_code"),
        col("country_code", "CHAR(2)", m.country_code, "address.country_code"),
        col("store_phone", "VARCHAR(32)", m.phone, "contact.phone"),
        col("opened_on", "DATE", m.days(9_000, 200), "date"),
        col("opens", "TIME", m.clock("08:00", "09:00", "10:00"), "time"),
        col("closes", "TIME", m.clock("18:00", "19:30", "21:00"), "time"),
        col("floor_area_m2", "INTEGER", m.integers(80, 2_400), "quantity"),
        col("timezone", "VARCHAR(40)", m.pick(TIMEZONES), "timezone"),
    ),
)  # fmt: skip

ORDERS = Table(
    "sales_orders", 4_000,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("order_no", "VARCHAR(12) NOT NULL UNIQUE", m.numbered("ORD-{:06d}", 20_001),
            "id.record"),
        col("customer_id", "INTEGER NOT NULL REFERENCES crm_customers(id)",
            m.ref("crm_customers"), "id.record"),
        col("store_id", "INTEGER REFERENCES sales_stores(id)",
            m.sparse(m.ref("sales_stores"), 0.4), "id.record"),
        col("ordered_at", "TIMESTAMP NOT NULL", m.moments(1_500), "datetime"),
        col("status", "VARCHAR(12)", m.pick(("new", "paid", "shipped", "returned")), "other"),
        col("ccy", "CHAR(3)", m.pick(_CURRENCIES), "finance.currency_code"),
        col("total", "NUMERIC(10,2)", m.decimals(5, 1_900), "finance.amount"),
        col("promo_cd", "VARCHAR(12)",
            m.sparse(m.pick(("SUMMER26", "HELLO10", "BF25")), 0.8), "code"),
        col("pay_meth", "VARCHAR(12)", m.pick(("card", "invoice", "paypal", "cash")),
            "finance.payment_method"),
    ),
    ("CHECK (total >= 0)",),
    (("customer_id",), ("ordered_at",)),
)  # fmt: skip

ORDER_ITEMS = Table(
    "sales_order_items", 8_000,
    (
        # Two lines for each order, so that the pair is a key.
        col("order_id", "INTEGER NOT NULL REFERENCES sales_orders(id)",
            lambda draw: [1 + i // 2 for i in range(draw.n)], "id.record"),
        col("line_no", "SMALLINT NOT NULL", m.listed((1, 2)), "quantity"),
        col("product_id", "INTEGER REFERENCES sales_products(id)",
            m.ref("sales_products"), "id.record"),
        col("qty", "INTEGER NOT NULL", m.integers(1, 6), "quantity"),
        col("unit_price", "NUMERIC(10,2)", m.decimals(4, 680), "finance.amount"),
        col("disc_pct", "REAL", m.pick((0, 0, 5, 10, 15)), "percentage"),
    ),
    ("PRIMARY KEY (order_id, line_no)", "CHECK (qty > 0)"),
    (("product_id",),),
)  # fmt: skip

RETURNS = Table(
    "sales_returns", 350,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("order_id", "INTEGER REFERENCES sales_orders(id)", m.ref("sales_orders"),
            "id.record"),
        col("reason", "VARCHAR(20)", m.pick(("too small", "damaged", "late")), "other"),
        col("refund_amt", "NUMERIC(10,2)", m.decimals(4, 500), "finance.amount"),
        col("returned_on", "DATE", m.days(1_400), "date"),
        col("approved", "BOOLEAN", m.pick((1, 0), (8, 1)), "boolean"),
    ),
)  # fmt: skip

# `phone` holds a model name here, not a number to call.
DEVICES = Table(
    "sales_devices", 60,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("phone", "VARCHAR(40)", m.pick(PHONE_MODELS), "product.name"),
        col("brand", "VARCHAR(20)", m.pick(PHONE_BRANDS), "org.name"),
        col("release_year", "INTEGER", m.integers(2018, 2026), "year"),
        col("screen_in", "REAL", m.decimals(4.7, 7.9, 1), "quantity"),
        col("price", "NUMERIC(8,2)", m.decimals(149, 1_399), "finance.amount"),
    ),
)  # fmt: skip

SCENARIOS = Table(
    "sales_scenarios", 40,
    (
        col("scenario_code", "VARCHAR(10) PRIMARY KEY", m.numbered("SCN-{}", 101), "id.record"),
        col("scenario_name", "VARCHAR(60)",
            m.pick(("Wet summer", "Price war", "New web shop", "Strike at port")), "other"),
        col("probability", "REAL", m.decimals(0, 1), "percentage"),
        col("horizon_days", "INTEGER", m.pick((30, 90, 180, 365)), "duration"),
        col("created_by", "VARCHAR(60)", m.username, "user.username"),
    ),
)  # fmt: skip

RATES = Table(
    "sales_fx_rates", 600,
    (
        col("rate_dt", "DATE NOT NULL", m.days(700), "date"),
        col("ccy", "CHAR(3) NOT NULL", m.pick(_CURRENCIES), "finance.currency_code"),
        col("rate", "REAL", m.decimals(0.2, 4.8, 5), "quantity"),
    ),
)  # fmt: skip

SALES = (
    CATEGORY, PRODUCTS, STORES, ORDERS, ORDER_ITEMS, RETURNS, DEVICES, SCENARIOS, RATES,
)  # fmt: skip
