#!/usr/bin/env python3
"""Writes SequenceReferenceValues.swift: evidence of the sequential tests in 60 digits (mpmath), from the definitions.

Nothing is shared with the Swift code: gamma functions instead of kernels, products instead of sums of logarithms.
Run it from anywhere: python3 make_sequences.py
"""
import pathlib

import mpmath as mp

mp.mp.dps = 60


def multinomial(chances, counts, prior=1):
    """ln of B(a + S) / B(a) / prod chance^S."""
    def log_b(values):
        return sum(mp.loggamma(v) for v in values) - mp.loggamma(sum(values))
    a = [mp.mpf(prior)] * len(chances)
    value = log_b([x + n for x, n in zip(a, counts)]) - log_b(a)
    # The last chance is what the others leave, since the decimal ones do not add up to 1 exactly.
    exact = [mp.mpf(c) for c in chances[:-1]]
    exact.append(1 - sum(exact))
    return value - sum(n * mp.log(c) for c, n in zip(exact, counts))


def two_sample(blocks, one_sided):
    prior = mp.mpf("0.18")
    k = len(blocks[0][0])
    seen = ([0] * k, [0] * k)
    product = mp.mpf(1)
    for a, b in blocks:
        p, q = ([(n + prior) / (sum(s) + k * prior) for n in s] for s in seen)
        if one_sided and q[0] <= p[0]:
            q = p
        na, nb = sum(a), sum(b)
        if na and nb:
            for i in range(k):
                pooled = (na * p[i] + nb * q[i]) / (na + nb)
                product *= (p[i] / pooled) ** a[i] * (q[i] / pooled) ** b[i]
        for i in range(k):
            seen[0][i] += a[i]
            seen[1][i] += b[i]
    return mp.log(product)


def one_arm(n, k, p):
    a = b = mp.mpf(1) / 2
    value = mp.loggamma(a + k) + mp.loggamma(b + n - k) - mp.loggamma(a + b + n) - 2 * mp.loggamma(a)
    return value - k * mp.log(mp.mpf(p)) - (n - k) * mp.log1p(-mp.mpf(p))


def rate_ratio(margin, looks, sign):
    """Mixture over eight tilts of the odds, exponential prior of mean 2 cut at the geometric means of neighbours."""
    tilts = [mp.mpf("0.15") * mp.mpf(40) ** (mp.mpf(j) / 7) for j in range(8)]
    cuts = [mp.mpf(0)] + [mp.sqrt(x * y) for x, y in zip(tilts, tilts[1:])] + [mp.inf]
    total = mp.mpf(0)
    for j, tilt in enumerate(tilts):
        weight = mp.exp(-cuts[j] / 2) - (mp.exp(-cuts[j + 1] / 2) if j < 7 else 0)
        product = mp.mpf(1)
        for n, e, m, f in looks:
            share = m * mp.mpf(margin) / (n + m * mp.mpf(margin))
            product *= mp.exp(sign * tilt * f) / (1 + share * (mp.exp(sign * tilt) - 1)) ** (e + f)
        total += weight * product
    return mp.log(total)


def grid(sign):
    tilts = [mp.mpf("0.15") * mp.mpf(40) ** (mp.mpf(j) / 7) for j in range(8)]
    cuts = [mp.mpf(0)] + [mp.sqrt(x * y) for x, y in zip(tilts, tilts[1:])] + [mp.inf]
    weights = [mp.exp(-cuts[j] / 2) - (mp.exp(-cuts[j + 1] / 2) if j < 7 else 0) for j in range(8)]
    return [(w, mp.exp(sign * t)) for w, t in zip(weights, tilts)]


def restarting(looks, q, masses, sign):
    """ln of the mixture of sums over starts: mass of the start times the product of factors from that look on."""
    total = mp.mpf(0)
    for weight, growth in grid(sign):
        factors = [growth ** k / (1 + mp.mpf(q) * (growth - 1)) ** n for n, k in looks]
        for start, mass in enumerate(masses):
            total += weight * mp.mpf(mass) * mp.fprod(factors[start:])
    return mp.log(total)


def upper_bound(requests, errors, beta):
    """The rate at which one-sided evidence of ErrorRateBound is exactly 1/beta: prior Beta(1/2, 1) cut off at it."""
    def log_e(p):
        mass = mp.betainc(mp.mpf("0.5"), 1, 0, p)
        top = mp.betainc(mp.mpf("0.5") + errors, 1 + requests - errors, 0, p)
        return mp.log(top / mass) - errors * mp.log(p) - (requests - errors) * mp.log1p(-p)
    low, high = mp.mpf(errors) / requests + mp.mpf("1e-12"), mp.mpf("0.5")
    for _ in range(160):
        middle = (low + high) / 2
        low, high = (low, middle) if log_e(middle) >= mp.log(1 / mp.mpf(beta)) else (middle, high)
    return high


def wald(baseline, canary, margin, effect, rate, alpha):
    """Seconds: ln(1/alpha) over the information of one error, over the errors per second."""
    r = mp.mpf(canary) / baseline
    theta1, theta0 = (r * x / (1 + r * x) for x in (mp.mpf(effect), mp.mpf(margin)))
    information = theta1 * mp.log(theta1 / theta0) + (1 - theta1) * mp.log((1 - theta1) / (1 - theta0))
    return -mp.log(mp.mpf(alpha)) / information / (mp.mpf(rate) * (baseline + mp.mpf(effect) * canary))


def width(p, t, alpha):
    p, t = mp.mpf(p), mp.mpf(t)
    term = (mp.mpf("1.4") * mp.log(mp.log(mp.mpf("2.1") * t)) + mp.log(10 / mp.mpf(alpha))) / t
    return mp.mpf("1.5") * mp.sqrt(p * (1 - p) * term) + mp.mpf("0.8") * term


MULTINOMIAL = [
    ([0.5, 0.5], [60, 40]), ([0.5, 0.25, 0.25], [3, 0, 9]), ([0.5, 0.25, 0.125, 0.125], [1000, 480, 270, 250]),
    ([0.9375, 0.03125, 0.03125], [937500, 31250, 31250]), ([0.25, 0.75], [10**9, 3 * 10**9 + 10**5]),
    ([0.5, 0.5], [10**18, 10**18]), ([0.5, 0.25, 0.25], [0, 0, 0]),
]
TWO_SAMPLE = [
    ([([1, 9], [2, 8]), ([0, 10], [3, 7]), ([1, 9], [4, 6])], True),
    ([([5, 95], [1, 99]), ([4, 96], [0, 100]), ([5, 95], [1, 99])], True),
    ([([0, 1000], [0, 1000]), ([1, 999], [20, 980]), ([1, 999], [20, 980])], True),
    ([([90, 5, 5], [40, 3, 7]), ([88, 7, 5], [35, 2, 13]), ([91, 4, 5], [30, 5, 15])], False),
    ([([10**6, 10**3], [10**6, 2000]), ([10**6, 10**3], [10**6, 2000])], False),
]
ONE_ARM = [(100, 3, 0.01), (10**6, 1000, 0.001), (10**9, 10**6 + 10**5, 0.001), (10, 0, 0.5), (10**15, 10**12, 0.001)]
RATE_RATIO = [
    (1, [(100, 0, 100, 3)]), (1.5, [(950, 1, 50, 1), (750, 0, 250, 5), (500, 2, 500, 9)]),
    (1.5, [(100000, 500, 100000, 500)]), (1, [(10**9, 10**6, 10**9, 1002000)]),
]
# Requests and errors of each look, and the accepted rate.
CHANGE = [([(100, 0), (100, 2), (50, 3)], 0.01), ([(1000, 1), (1000, 1), (1000, 30)], 0.002), ([(10, 0)], 0.5)]
# The same with the mass that starts at each look, for recovery within a time.
RECOVERY = [([(20, 0), (20, 1), (40, 0)], 0.05, [0.6, 0.15, 0.25]), ([(500, 0)], 0.01, [1])]
BOUND = [(377, 0, 0.05), (1000, 9, 0.05), (2000, 4, 0.025), (20000, 40, 0.01)]
PLAN = [(100, 100, 1, 5, 0.001, 0.05), (100, 100, 1, 2, 0.005, 0.05), (1900, 100, 1.5, 4, 0.001, 0.01)]
WIDTH = [(0.5, 1000, 0.05), (0.99, 10000, 0.05), (0.99, 10**6, 0.01)]


def number(value):
    return mp.nstr(value, 20, strip_zeros=False) + ("0" if mp.nstr(value, 20, strip_zeros=False).endswith(".") else "")


def main():
    out = [
        "// Written by reference/make_sequences.py with mpmath at 60 digits. Do not edit.", "",
        "enum SequenceReferenceValues {", "  /// chances, counts, ln E of MultinomialTest",
        "  static let multinomial: [([Double], [Int], Double)] = [",
    ]
    out += [f"    ({c}, {n}, {number(multinomial(c, n))})," for c, n in MULTINOMIAL]
    out += ["  ]", "", "  /// blocks of (baseline, canary), one-sided, ln E of TwoSampleTest",
            "  static let twoSample: [([([Int], [Int])], Bool, Double)] = ["]
    for blocks, side in TWO_SAMPLE:
        out.append(f"    ({[tuple(b) for b in blocks]}, {str(side).lower()}, {number(two_sample(blocks, side))}),")
    out += ["  ]", "", "  /// requests, errors, share, ln E of RateSequence",
            "  static let oneArm: [(Int, Int, Double, Double)] = ["]
    out += [f"    ({n}, {k}, {p}, {number(one_arm(n, k, p))})," for n, k, p in ONE_ARM]
    out += ["  ]", "", "  /// margin, looks of baseline and canary (requests, errors), ln E worse and no worse",
            "  static let rateRatio: [(Double, [[Int]], Double, Double)] = ["]
    for margin, looks in RATE_RATIO:
        values = number(rate_ratio(margin, looks, 1)), number(rate_ratio(margin, looks, -1))
        out.append(f"    ({margin}, {[list(look) for look in looks]}, {values[0]}, {values[1]}),")
    out += ["  ]", "", "  /// p, samples, alpha, width of QuantileSequence",
            "  static let width: [(Double, Double, Double, Double)] = ["]
    out += [f"    ({p}, {t}, {a}, {number(width(p, t, a))})," for p, t, a in WIDTH]
    out += ["  ]", "", "  /// looks (requests, errors), accepted rate, ln M of ChangeDetector",
            "  static let change: [([[Int]], Double, Double)] = ["]
    out += [f"    ({[list(x) for x in looks]}, {q}, {number(restarting(looks, q, [1] * len(looks), 1))}),"
            for looks, q in CHANGE]
    out += ["  ]", "", "  /// looks (requests, errors), tolerated rate, mass that starts at each, ln E of the recovery",
            "  static let recovery: [([[Int]], Double, [Double], Double)] = ["]
    out += [f"    ({[list(x) for x in looks]}, {q}, {masses}, {number(restarting(looks, q, masses, -1))}),"
            for looks, q, masses in RECOVERY]
    out += ["  ]", "", "  /// requests, errors, beta, upper bound of ErrorRateBound",
            "  static let upperBound: [(Int, Int, Double, Double)] = ["]
    out += [f"    ({n}, {k}, {b}, {number(upper_bound(n, k, b))})," for n, k, b in BOUND]
    out += ["  ]", "",
            "  /// requests/s of both arms, margin, effect, error rate, alpha, seconds of JudgementPlan.bound",
            "  static let wald: [([Double], Double)] = ["]
    out += [f"    ({[n, m, margin, effect, rate, a]}, {number(wald(n, m, margin, effect, rate, a))}),"
            for n, m, margin, effect, rate, a in PLAN]
    out += ["  ]", "}", ""]
    (pathlib.Path(__file__).resolve().parent.parent / "SequenceReferenceValues.swift").write_text("\n".join(out))


main()
