"""The control process: the one place where the parts are put together, and the one loop that runs them."""
