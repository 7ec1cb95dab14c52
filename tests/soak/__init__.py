"""A mixed load for as long as one likes, and a verdict on what grew: `make prove ARGS="soak"`."""
