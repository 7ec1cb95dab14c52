"""Frames of the seam, recorded from a real tap under a mixed load, and played to a control process again."""
