"""The long proofs: what takes minutes or hours to show, each under a word of its own.

`make prove` runs all of them, `make prove ARGS="WORD"` one. Each writes what it saw to docs/proofs/WORD.md, and fails
where its own claim does not hold.
"""
