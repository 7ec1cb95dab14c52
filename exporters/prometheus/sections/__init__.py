"""A section of the snapshot in, its families out: one file each, named as the section is."""
