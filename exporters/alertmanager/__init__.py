"""Alerts pushed to Alertmanagers, as Prometheus pushes them: API v2, to each by itself."""
