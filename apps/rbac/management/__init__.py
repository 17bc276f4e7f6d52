"""Management commands of rbac."""
