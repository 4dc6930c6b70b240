"""Results of a round and its counties, for an evaluator or the province."""

from .app import show

__all__ = ["show"]
