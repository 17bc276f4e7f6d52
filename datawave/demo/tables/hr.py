"""Staff, pay, absences and applicants: the most sensitive tables of most companies."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.numbers import BICS
from datawave.demo.spec import Table, col
from datawave.demo.words import (
    CLINICAL_REMARKS,
    DEPARTMENTS,
    EDUCATION,
    ETHNICITIES,
    JOB_TITLES,
    MARITAL,
    MIDDLE_NAMES,
    OFFENCES,
    PREFIXES,
    RELIGIONS,
    REVIEW_REMARKS,
)

DEPARTMENT = Table(
    "hr_departments", 12,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("dept_name", "VARCHAR(40) NOT NULL UNIQUE", m.listed(DEPARTMENTS), "other"),
        col("cost_centre", "VARCHAR(8)", m.numbered("CC{:04d}", 4_100), "id.record"),
        col("budget", "NUMERIC(12,2)", m.decimals(90_000, 4e6), "finance.amount"),
    ),
)  # fmt: skip

EMPLOYEES = Table(
    "hr_employees", 260,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("emp_no", "VARCHAR(10) NOT NULL UNIQUE", m.numbered("E{:05d}", 1_001), "id.record"),
        col("salutation", "VARCHAR(6)", m.pick(PREFIXES), "person.name_prefix"),
        col("first_name", "VARCHAR(60)", m.first_name, "person.first_name"),
        col("middle_name", "VARCHAR(60)", m.sparse(m.pick(MIDDLE_NAMES), 0.5),
            "person.middle_name"),
        col("last_name", "VARCHAR(60)", m.last_name, "person.last_name"),
        col("birth_dt", "DATE", m.days(23_000, 7_000), "person.date_of_birth"),
        col("sex", "CHAR(1)", m.gender, "person.gender"),
        col("marital_status", "VARCHAR(12)", m.pick(MARITAL), "person.marital_status"),
        col("nationality", "VARCHAR(40)", m.nationality, "person.nationality"),
        col("ssn", "CHAR(11)", m.sparse(m.ssns, 0.1), "gov.national_id"),
        col("passport_no", "VARCHAR(12)", m.sparse(m.filled("C########", "?########"), 0.7),
            "gov.passport"),
        col("driver_lic_no", "VARCHAR(20)", m.sparse(m.filled("?###-####-####"), 0.6),
            "gov.driver_license"),
        col("personal_email", "VARCHAR(255)", m.email, "contact.email"),
        col("work_email", "VARCHAR(255)", m.work_email, "contact.email"),
        col("home_tel", "VARCHAR(32)", m.sparse(m.phone, 0.4), "contact.phone"),
        col("addr_line1", "VARCHAR(120)", m.street, "address.street"),
        col("addr_city", "VARCHAR(80)", m.city, "address.city"),
        col("addr_post_cd", "VARCHAR(12)", m.postal_code, "address.postal_code"),
        col("job_title", "VARCHAR(60)", m.pick(JOB_TITLES), "person.job_title"),
        col("dept_id", "INTEGER REFERENCES hr_departments(id)", m.ref("hr_departments"),
            "id.record"),
        col("mgr_id", "INTEGER REFERENCES hr_employees(id)",
            m.sparse(m.integers(1, 20), 0.05), "id.record"),
        col("hired_on", "DATE", m.days(6_000, 30), "date"),
        col("left_on", "DATE", m.sparse(m.days(900), 0.88), "date"),
        col("salary", "NUMERIC(10,2)", m.decimals(24_000, 160_000), "finance.income"),
        col("iban", "VARCHAR(34)", m.ibans, "finance.iban"),
        col("bic", "VARCHAR(11)", m.pick(BICS), "finance.bic"),
        col("photo_path", "VARCHAR(120)", m.numbered("/srv/hr/photos/e{}.jpg", 1_001),
            "file.path"),
        col("plate", "VARCHAR(12)", m.sparse(m.filled("??-## ###", "B-?? ####"), 0.75),
            "vehicle.license_plate"),
    ),
    ("CHECK (salary > 0)", "CHECK (left_on IS NULL OR left_on > '1990-01-01')"),
    (("dept_id",), ("last_name",)),
)  # fmt: skip

PAYROLL = Table(
    "hr_payroll", 2_400,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("employee_id", "INTEGER NOT NULL REFERENCES hr_employees(id)",
            m.ref("hr_employees"), "id.record"),
        col("period", "CHAR(7)", m.days(700, form="%Y-%m"), "date"),
        col("gross_pay", "NUMERIC(10,2)", m.decimals(1_900, 13_000), "finance.income"),
        col("tax_withheld", "NUMERIC(10,2)", m.decimals(200, 4_400), "finance.amount"),
        col("net_pay", "NUMERIC(10,2)", m.decimals(1_500, 9_000), "finance.income"),
        col("paid_on", "DATE", m.days(700), "date"),
    ),
    indexes=(("employee_id",),),
)  # fmt: skip

ABSENCES = Table(
    "hr_absences", 900,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("employee_id", "INTEGER REFERENCES hr_employees(id)", m.ref("hr_employees"),
            "id.record"),
        col("absence_type", "VARCHAR(10)", m.pick(("sick", "holiday", "parental")), "other"),
        col("starts_on", "DATE", m.days(1_100), "date"),
        col("days", "INTEGER", m.integers(1, 25), "duration"),
        col("medical_note", "TEXT",
            m.sparse(m.notes(CLINICAL_REMARKS, with_contact=0.05), 0.6), "text.free"),
    ),
)  # fmt: skip

REVIEWS = Table(
    "hr_reviews", 400,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("employee_id", "INTEGER REFERENCES hr_employees(id)", m.ref("hr_employees"),
            "id.record"),
        col("reviewer_id", "INTEGER REFERENCES hr_employees(id)", m.ref("hr_employees"),
            "id.record"),
        col("review_year", "INTEGER", m.integers(2021, 2026), "year"),
        col("rating", "INTEGER", m.integers(1, 5), "quantity"),
        col("comments", "TEXT", m.notes(REVIEW_REMARKS, with_contact=0.02), "text.free"),
    ),
)  # fmt: skip

EMERGENCY = Table(
    "hr_emergency_contacts", 240,
    (
        col("employee_id", "INTEGER PRIMARY KEY REFERENCES hr_employees(id)",
            m.ref_once("hr_employees"), "id.record"),
        col("contact_name", "VARCHAR(120)", m.full_name, "person.full_name"),
        col("relation", "VARCHAR(12)", m.pick(("spouse", "parent", "friend")), "other"),
        col("contact_no", "VARCHAR(32)", m.mobile, "contact.phone"),
    ),
)  # fmt: skip

APPLICANTS = Table(
    "hr_applicants", 350,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("applicant", "VARCHAR(120)", m.full_name, "person.full_name"),
        col("e_mail", "VARCHAR(255)", m.email, "contact.email"),
        col("birth_year", "INTEGER", m.integers(1960, 2007), "person.birth_year"),
        col("ethnicity", "VARCHAR(40)", m.sparse(m.pick(ETHNICITIES), 0.5),
            "person.ethnicity"),
        col("religion", "VARCHAR(20)", m.sparse(m.pick(RELIGIONS), 0.7), "person.religion"),
        col("education", "VARCHAR(30)", m.pick(EDUCATION), "person.education"),
        col("applied_for", "VARCHAR(60)", m.pick(JOB_TITLES), "person.job_title"),
        col("expected_salary", "INTEGER", m.integers(22_000, 140_000), "finance.income"),
        col("cv_url", "VARCHAR(200)", m.numbered("https://files.brackwater.example/cv/{}.pdf"),
            "net.url"),
        col("applied_on", "DATE", m.days(800), "date"),
    ),
)  # fmt: skip

CHECKS = Table(
    "hr_background_checks", 60,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("employee_id", "INTEGER REFERENCES hr_employees(id)", m.ref("hr_employees"),
            "id.record"),
        col("criminal_record", "TEXT", m.pick(OFFENCES), "person.criminal_record"),
        col("checked_on", "DATE", m.days(900), "date"),
        col("passed", "BOOLEAN", m.pick((1, 0), (9, 1)), "boolean"),
    ),
)  # fmt: skip

HR = (DEPARTMENT, EMPLOYEES, PAYROLL, ABSENCES, REVIEWS, EMERGENCY, APPLICANTS, CHECKS)
