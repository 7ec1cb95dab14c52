"""Exit statuses of every command."""

OK = 0
FAILED = 1  # at run time: a program or a server was not there
BAD_CONFIG = 2  # bad configuration or bad flags
