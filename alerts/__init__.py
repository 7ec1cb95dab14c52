"""Rules for Prometheus, rendered from the objectives: what a fleet as a whole promises is judged there."""
