"""The catalogue of model servers: one YAML per family, compiled into what the tap reads from messages."""
