"""Fictitious counties whose truth is known, and the people who act in them."""
