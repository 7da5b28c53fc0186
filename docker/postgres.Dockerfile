# PostgreSQL with pg_cron, for those who want the database alone to keep its pulse and its jobs.
FROM postgres:17-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-17-cron \
 && rm -rf /var/lib/apt/lists/*
