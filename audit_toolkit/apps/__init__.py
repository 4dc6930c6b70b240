"""Screens: one folder an app; `model.py` is what its controls do, `view.py` how it looks."""
