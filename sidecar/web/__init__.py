"""The admin server: /metrics, the JSON API, and a page that lists them. Reads one snapshot, changes nothing."""
