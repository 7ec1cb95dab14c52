"""Other people's suites, each run direct and through Wayside: what they say must be the same, case by case."""
