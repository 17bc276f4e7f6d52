"""The staff clinic: patients, visits, prescriptions, measurements, and a reference list."""

from __future__ import annotations

from datawave.demo import makers as m
from datawave.demo.spec import Table, col
from datawave.demo.words import BLOOD_TYPES, CLINICAL_REMARKS, DIAGNOSES, MEDICATIONS

_CODES = tuple(code for code, _ in DIAGNOSES)
_TITLES = tuple(title for _, title in DIAGNOSES)

PATIENTS = Table(
    "clinic_patients", 500,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("mrn", "VARCHAR(12) NOT NULL UNIQUE", m.numbered("MRN{:07d}", 88_001),
            "health.record_number"),
        col("given_name", "VARCHAR(60)", m.first_name, "person.first_name"),
        col("surname", "VARCHAR(60)", m.last_name, "person.last_name"),
        col("dob", "DATE", m.days(28_000, 6_700), "person.date_of_birth"),
        col("sex_code", "CHAR(1)", m.gender, "person.gender"),
        col("blood_type", "VARCHAR(3)", m.sparse(m.pick(BLOOD_TYPES), 0.3),
            "health.blood_type"),
        col("phone_home", "VARCHAR(32)", m.phone, "contact.phone"),
        col("insurance_no", "VARCHAR(14)", m.filled("?#########", "K-########-##"),
            "health.insurance_id"),
        col("street_addr", "VARCHAR(120)", m.street, "address.street"),
        col("postcode", "VARCHAR(12)", m.postal_code, "address.postal_code"),
        col("deceased_on", "DATE", m.sparse(m.days(900), 0.99), "person.date_of_death"),
    ),
    indexes=(("surname",),),
)  # fmt: skip

VISITS = Table(
    "clinic_visits", 1_200,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("patient_id", "INTEGER NOT NULL REFERENCES clinic_patients(id)",
            m.ref("clinic_patients"), "id.record"),
        col("visited_at", "TIMESTAMP", m.moments(1_400), "datetime"),
        col("admission_date", "DATE", m.sparse(m.days(1_400), 0.9), "health.admission_date"),
        col("discharge_date", "DATE", m.sparse(m.days(1_390), 0.9), "health.discharge_date"),
        col("dx_cd", "VARCHAR(8)", m.pick(_CODES), "health.medical_code"),
        col("diagnosis", "VARCHAR(80)", m.pick(_TITLES), "health.condition_or_procedure"),
        col("physician", "VARCHAR(120)", m.full_name, "person.full_name"),
        col("clinical_notes", "TEXT", m.notes(CLINICAL_REMARKS, with_contact=0.08),
            "text.free"),
    ),
    indexes=(("patient_id",), ("dx_cd",)),
)  # fmt: skip

PRESCRIPTIONS = Table(
    "clinic_prescriptions", 900,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("visit_id", "INTEGER REFERENCES clinic_visits(id)", m.ref("clinic_visits"),
            "id.record"),
        col("medication", "VARCHAR(60)", m.pick(tuple(name for name, _ in MEDICATIONS)),
            "health.medication"),
        col("atc", "CHAR(7)", m.pick(tuple(code for _, code in MEDICATIONS)),
            "health.medical_code"),
        col("tablets", "INTEGER", m.pick((10, 20, 30, 100)), "quantity"),
        col("refills", "INTEGER", m.integers(0, 5), "quantity"),
        col("prescribed_on", "DATE", m.days(1_400), "date"),
    ),
)  # fmt: skip

MEASUREMENTS = Table(
    "clinic_measurements", 1_500,
    (
        col("id", "INTEGER PRIMARY KEY", m.serial(), "id.record"),
        col("patient_id", "INTEGER REFERENCES clinic_patients(id)", m.ref("clinic_patients"),
            "id.record"),
        col("measured_at", "TIMESTAMP", m.moments(1_400), "datetime"),
        col("bp_sys", "INTEGER", m.integers(95, 190), "health.measurement"),
        col("bp_dia", "INTEGER", m.integers(55, 115), "health.measurement"),
        col("heart_rate", "INTEGER", m.integers(48, 130), "health.measurement"),
        col("glucose_mmol", "REAL", m.sparse(m.decimals(3.6, 14, 1), 0.5),
            "health.measurement"),
        col("bmi", "REAL", m.sparse(m.decimals(17, 41, 1), 0.3), "health.measurement"),
    ),
)  # fmt: skip

ICD10 = Table(
    "clinic_icd10", len(DIAGNOSES),
    (
        col("icd_code", "VARCHAR(8) PRIMARY KEY", m.listed(_CODES), "health.medical_code"),
        col("title", "VARCHAR(80)", m.listed(_TITLES), "health.condition_or_procedure"),
        col("billable", "BOOLEAN", m.pick((1, 0), (5, 1)), "boolean"),
    ),
)  # fmt: skip

CLINIC = (PATIENTS, VISITS, PRESCRIPTIONS, MEASUREMENTS, ICD10)
