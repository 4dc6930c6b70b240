"""Agreement of readings: filed with found, inspector with inspector.

- ``coefficients``: AC1 (the one to quote for rare answers), AC2, PABAK, percent agreement.
- ``kappas``: Cohen's, Fleiss' and Conger's kappa, Krippendorff's alpha.
- ``difference_rates``: net and gross difference rates, index of inconsistency.
- ``paired``: do changes go both ways alike (McNemar, clustered, Bowker); Tango's interval.
- ``continuous``: intraclass correlation, concordance.
- ``reliability``: reliability ratio.
- ``bland``: limits of agreement.
- ``backchecks``: error rates of answers asked again.
"""

from .backchecks import CheckedRate, CheckedRates, backcheck_error_rates
from .bland import BlandAltman, LimitsOfAgreement, bland_altman
from .coefficients import (
    brennan_prediger,
    gwet_ac1,
    gwet_ac2,
    pabak,
    percent_agreement,
    ratings_from_table,
)
from .continuous import Concordance, IntraclassCorrelation, concordance, icc
from .difference_rates import (
    gross_difference_rate,
    index_of_inconsistency,
    net_difference_rate,
)
from .kappas import conger_kappa, fleiss_kappa, kappa, krippendorff_alpha
from .paired import (
    FlipTest,
    interval_paired_difference,
    mcnemar,
    mcnemar_clustered,
    symmetry_test,
)
from .reliability import ReliabilityRatio, reliability_ratio
from .results import Agreement

__all__ = [
    "Agreement",
    "BlandAltman",
    "CheckedRate",
    "CheckedRates",
    "Concordance",
    "FlipTest",
    "IntraclassCorrelation",
    "LimitsOfAgreement",
    "ReliabilityRatio",
    "backcheck_error_rates",
    "bland_altman",
    "brennan_prediger",
    "concordance",
    "conger_kappa",
    "fleiss_kappa",
    "gross_difference_rate",
    "gwet_ac1",
    "gwet_ac2",
    "icc",
    "index_of_inconsistency",
    "interval_paired_difference",
    "kappa",
    "krippendorff_alpha",
    "mcnemar",
    "mcnemar_clustered",
    "net_difference_rate",
    "pabak",
    "percent_agreement",
    "ratings_from_table",
    "reliability_ratio",
    "symmetry_test",
]
