"""The inspector's screens: own list, visit, and all ways through a visit that cannot be made."""

from .model import InspectModel
from .view import InspectForm, show

__all__ = ["InspectForm", "InspectModel", "show"]
