"""Accounts, cards with security codes that should not be there, invoices and payments."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.numbers import BICS
from datawave.demo.spec import Table, col

_EXPIRIES = tuple(f"{month:02d}/{year}" for year in (26, 27, 28, 29) for month in range(1, 13))

ACCOUNTS = Table(
    "billing_accounts", 700,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("acct_no", "VARCHAR(12) NOT NULL UNIQUE", m.numbered("{:010d}", 4_400_100_200),
            "id.record"),
        col("customer_id", "INTEGER REFERENCES crm_customers(id)", m.ref("crm_customers"),
            "id.record"),
        col("balance", "NUMERIC(12,2)", m.decimals(-300, 9_000), "finance.account_balance"),
        col("credit_score", "INTEGER", m.sparse(m.integers(320, 840), 0.2),
            "finance.credit_score"),
        col("iban", "VARCHAR(34)", m.sparse(m.ibans, 0.3), "finance.iban"),
        col("swift", "VARCHAR(11)", m.sparse(m.pick(BICS), 0.3), "finance.bic"),
        col("opened_on", "DATE", m.days(3_000), "date"),
    ),
    ("CHECK (credit_score BETWEEN 300 AND 850 OR credit_score IS NULL)",),
    (("customer_id",),),
)  # fmt: skip

CARDS = Table(
    "billing_cards", 800,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("account_id", "INTEGER REFERENCES billing_accounts(id)",
            m.ref("billing_accounts"), "id.record"),
        col("cardholder", "VARCHAR(120)", m.full_name, "person.full_name"),
        col("card_number", "VARCHAR(19)", m.cards, "finance.credit_card_number"),
        col("cvv", "CHAR(3)", m.sparse(m.filled("###"), 0.4), "finance.card_security_code"),
        col("exp", "CHAR(5)", m.pick(_EXPIRIES), "finance.card_expiry"),
        col("brand", "VARCHAR(12)", m.card_brands, "finance.card_brand"),
        col("active", "BOOLEAN", m.pick((1, 0), (7, 1)), "boolean"),
    ),
    indexes=(("account_id",),),
)  # fmt: skip

INVOICES = Table(
    "billing_invoices", 2_400,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("invoice_no", "VARCHAR(14) NOT NULL UNIQUE", m.numbered("INV-{:07d}", 300_001),
            "id.record"),
        col("account_id", "INTEGER REFERENCES billing_accounts(id)",
            m.ref("billing_accounts"), "id.record"),
        col("issued_on", "DATE NOT NULL", m.days(1_400), "date"),
        col("due_dt", "DATE", m.days(1_370), "date"),
        col("net_amt", "NUMERIC(12,2) NOT NULL", m.decimals(5, 4_000), "finance.amount"),
        col("vat_amt", "NUMERIC(12,2) NOT NULL", m.decimals(1, 760), "finance.amount"),
        col("gross_amt", "NUMERIC(12,2) GENERATED ALWAYS AS (net_amt + vat_amt) STORED", None,
            "finance.amount"),
        col("bill_to", "VARCHAR(120)", m.organisations, "org.name"),
        col("status", "VARCHAR(10)", m.pick(("open", "paid", "overdue")), "other"),
    ),
    indexes=(("account_id", "issued_on"),),
)  # fmt: skip

PAYMENTS = Table(
    "billing_payments", 2_400,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("invoice_no", "VARCHAR(14) REFERENCES billing_invoices(invoice_no)",
            m.ref_value("INV-{:07d}", "billing_invoices", 300_001), "id.record"),
        col("paid_at", "TIMESTAMP", m.moments(1_400), "datetime"),
        col("amount", "NUMERIC(12,2)", m.decimals(5, 4_700), "finance.amount"),
        col("pmt_method", "VARCHAR(12)", m.pick(("card", "transfer", "direct debit")),
            "finance.payment_method"),
        col("pan_masked", "VARCHAR(19)", m.sparse(m.filled("400000******####"), 0.5),
            "finance.card_truncated"),
        col("memo", "VARCHAR(200)", m.sparse(m.pick(("Thank you", "Instalment 1 of 3")), 0.8),
            "text.free"),
    ),
    indexes=(("invoice_no",),),
)  # fmt: skip

TAX_RATES = Table(
    "billing_tax_rates", 30,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("country_cd", "CHAR(2)", m.country_code, "address.country_code"),
        col("rate_pct", "REAL", m.pick((7.0, 19.0, 20.0, 21.0, 23.0)), "percentage"),
        col("valid_from", "DATE", m.days(4_000), "date"),
    ),
)  # fmt: skip

BILLING = (ACCOUNTS, CARDS, INVOICES, PAYMENTS, TAX_RATES)
