"""Where sign-in leads: who one is, what waits, and the apps that one may open."""

from .app import show

__all__ = ["show"]
