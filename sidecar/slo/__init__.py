"""Objectives judged: pure, `now` is an argument."""
