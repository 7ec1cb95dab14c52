"""Where facts come from besides the tap: today the model server's own page."""
