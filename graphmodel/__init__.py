"""The model, declared once, and the only way to the database."""
