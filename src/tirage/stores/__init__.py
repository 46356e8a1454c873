"""Where jobs are kept: SQLAlchemy Core over SQLite or PostgreSQL, behind the ports of the job core."""
