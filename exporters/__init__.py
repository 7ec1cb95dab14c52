"""Snapshot in, protocol out. Imports sidecar.model and the protocol's own library, nothing else of ours."""
