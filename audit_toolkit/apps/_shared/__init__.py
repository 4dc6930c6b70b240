"""What all apps share: the way to the round, the line that says where one is, words of refusals."""

from .gate import SocketGate, forget_gate, open_gate
from .place import place_line, place_words
from .refusals import refusal_of

__all__ = [
    "SocketGate",
    "forget_gate",
    "open_gate",
    "place_line",
    "place_words",
    "refusal_of",
]
