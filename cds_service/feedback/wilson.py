"""A confidence interval of a proportion: Wilson's score interval.

Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 1927;22:209-212.
Unlike the textbook interval it is never below 0 or above 1, and holds what it promises for few cards and for rates
near 0 and 1 (Brown LD, Cai TT, DasGupta A. Statistical Science 2001;16:101-133).
"""

from math import sqrt
from statistics import NormalDist

Z_95 = NormalDist().inv_cdf(0.975)


def wilson_interval(hits: int, of: int, z: float = Z_95) -> tuple[float, float]:
    """Return the bounds, between 0 and 1, of the rate that `hits` among `of` tell; everything is possible for none."""
    if of == 0:
        return 0.0, 1.0
    rate, spread = hits / of, z * z / of
    middle = (rate + spread / 2) / (1 + spread)
    reach = z * sqrt(rate * (1 - rate) / of + spread / of / 4) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)
