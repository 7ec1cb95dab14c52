"""A model server's own Prometheus page: which numbers a catalogue finds on it, and how they are read.

`section` compiles what a catalogue says; `lines` and `mapper` read pages and are what control imports: no YAML there.
"""
