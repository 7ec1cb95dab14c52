"""Exit statuses of every command."""

OK = 0
FAILED = 1  # at run time: a program, a server or a file beside what is checked was not there
BAD_CONFIG = 2  # something wrong in what a person wrote: a configuration, a catalogue, flags
FIRES = 3  # `wayside slo --exit-code`: a tier of an objective fires
