"""A store for logins in the database that you have: a Django model, or an SQLAlchemy table."""
