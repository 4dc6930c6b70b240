"""True rates when the register or the inspector errs.

- ``verified``: every positive finding verified, and some negative ones; the default design.
- ``adjusted``: known or sampled error rates, by correction, melding or posterior.
- ``hierarchical``: error rates that differ between teams.
- ``register``: the filed reading of all units as the first phase.
"""

from .adjusted import TrueRate, adjust_for_errors
from .hierarchical import prevalence_hierarchical
from .register import RegisterEstimate, estimate_with_register
from .verified import (
    NegativesToCertify,
    VerifiedFindings,
    VerifiedRate,
    negatives_to_certify,
    true_rate_by_status,
    true_rate_verified_positives,
)

__all__ = [
    "NegativesToCertify",
    "RegisterEstimate",
    "TrueRate",
    "VerifiedFindings",
    "VerifiedRate",
    "adjust_for_errors",
    "estimate_with_register",
    "negatives_to_certify",
    "prevalence_hierarchical",
    "true_rate_by_status",
    "true_rate_verified_positives",
]
