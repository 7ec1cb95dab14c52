"""The sections of a snapshot: what each storey says of one tick, immutable, one file each."""
