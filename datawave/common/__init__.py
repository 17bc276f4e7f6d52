"""What every app may use and what knows no app: errors, environment, models, REST, encryption."""
