"""The one reason for methods of the next issue; who builds one gives it a function instead."""

BEING_BUILT = "issue of true rates: being built"
