"""Stand-ins for what Wayside meets: model servers that do exactly as told, and loads from compiled clients."""
