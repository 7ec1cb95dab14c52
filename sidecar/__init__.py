"""Wayside: what to do with the facts its tap sees beside a model server."""

__version__ = "0.1.0"
