"""The views, with the truth about what each column shows."""

from __future__ import annotations

from datawave.demo.spec import View

VIEWS: tuple[View, ...] = (
    View(
        "sales_customer_totals",
        "SELECT c.id AS customer_id, c.cust_nm AS customer, c.email AS email,"
        " count(o.id) AS orders, sum(o.total) AS revenue"
        " FROM crm_customers c LEFT JOIN sales_orders o ON o.customer_id = c.id"
        " GROUP BY c.id, c.cust_nm, c.email",
        {
            "customer_id": "id.record", "customer": "person.full_name",
            "email": "contact.email", "orders": "quantity", "revenue": "finance.amount",
        },
    ),
    View(
        "hr_staff_directory",
        "SELECT e.first_name, e.last_name, e.work_email, e.job_title, d.dept_name"
        " FROM hr_employees e JOIN hr_departments d ON d.id = e.dept_id"
        " WHERE e.left_on IS NULL",
        {
            "first_name": "person.first_name", "last_name": "person.last_name",
            "work_email": "contact.email", "job_title": "person.job_title",
            "dept_name": "other",
        },
    ),
    View(
        "billing_open_invoices",
        "SELECT invoice_no, due_dt, gross_amt FROM billing_invoices WHERE status <> 'paid'",
        {"invoice_no": "id.record", "due_dt": "date", "gross_amt": "finance.amount"},
    ),
    View(
        "clinic_diagnosis_counts",
        "SELECT dx_cd, count(*) AS visits FROM clinic_visits GROUP BY dx_cd",
        {"dx_cd": "health.medical_code", "visits": "quantity"},
    ),
)  # fmt: skip
