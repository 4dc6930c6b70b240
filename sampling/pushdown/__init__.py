"""The two computations sent to where the data live, as Ibis expressions.

draw.py       the smallest tickets of each stratum
engines.py    what each engine calls the functions that a draw needs
totals.py     weighted totals of every cluster and domain
tickets.py    the ticket's text as an expression, and the rows under a threshold
reading.py    what is read from a table and refused before anything is computed
"""

from .draw import smallest_tickets
from .totals import cluster_totals

__all__ = ["cluster_totals", "smallest_tickets"]
