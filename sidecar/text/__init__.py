"""Text that people write: YAML that knows its lines, and what they may have meant."""
