"""Voila served safely: sign-in, identity, kernels bound to people, and workflow for those kernels.

``serving.serve`` starts it; ``walls.check`` lists what must stand before it answers anybody.
"""
