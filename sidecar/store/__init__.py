"""State that outlives control: one face, two homes. SQLite where there is a disk, the tap's memory elsewhere."""
