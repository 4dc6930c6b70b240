"""Shared reference runs of survey estimates, sent through the public calls."""
