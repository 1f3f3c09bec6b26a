#!/usr/bin/env python3
"""Writes ReferenceValues.swift: values of the special functions and of the e-processes in 60 digits (mpmath).

Independent of the Swift code: no expansion is shared. Run it from anywhere: python3 make_reference.py
"""
import pathlib

import mpmath as mp

mp.mp.dps = 60


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def log_tails(a, b, x):
    """ln I_x(a, b) and ln(1 - I_x(a, b)) by quadrature of the density, split around x and the mode."""
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    if a + b < 5000:
        lower = mp.betainc(a, b, 0, x, regularized=True)
        upper = mp.betainc(b, a, 0, 1 - x, regularized=True)
        return mp.log(lower), mp.log(upper)
    normal = log_beta(a, b)
    sigma = mp.sqrt(a * b / (a + b) ** 3)
    at_x = (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x)
    slope = abs((a - 1) / x - (b - 1) / (1 - x))
    step = min(sigma, 1 / slope if slope else sigma)

    def tail(direction):
        """Integral away from x over the density at x, and whether it holds all of the tail."""
        total = mp.mpf(0)
        position = x
        for _ in range(4000):
            following = position + direction * step
            following = min(max(following, mp.mpf(0)), mp.mpf(1))
            part = mp.quad(
                lambda t: mp.exp((a - 1) * mp.log(t) + (b - 1) * mp.log1p(-t) - at_x),
                sorted([position, following]), maxdegree=7)
            total += part
            if following in (0, 1) or part < total * mp.mpf(10) ** -30:
                break
            position = following
        else:
            raise ValueError("tail too long")
        return mp.log(total) + at_x - normal

    below = x < a / (a + b)
    small = tail(-1 if below else 1)
    large = mp.log1p(-mp.exp(small))
    return (small, large) if below else (large, small)


BETA = [
    (0.5, 1, 0.01), (0.5, 378, 0.01), (1.5, 663, 0.01), (0.5, 0.5, 0.5), (2.5, 5, 0.5), (2.5, 5, 0.999),
    (2.5, 5, 1e-12), (10, 1000, 0.02), (10, 1000, 0.5), (300, 2, 0.9), (300, 2, 0.9999), (900, 1100, 0.45),
    (900, 1100, 0.3), (900, 1100, 0.7), (1500.5, 1200, 0.5), (5000, 4000, 0.55), (5000, 4000, 0.2),
    (1e5, 1e5, 0.49), (1e5 + 0.5, 9e5, 0.101), (1e6 + 0.5, 1e9, 0.001), (1e6 + 0.5, 1e9, 0.0009),
    (1e9, 1e12, 0.000999), (1e9, 1e12, 0.00099900001), (1e12 + 0.5, 1e15, 0.000999), (1e12 + 0.5, 1e15, 0.000999003),
    (1e15, 1e15, 0.5), (1e15, 1e15, 0.49999998), (1e15, 1e15, 0.50000007), (1e15, 1e15, 0.4),
]
# A small first parameter beside a huge second one: the incomplete gamma function is their limit, not their equal,
# so these use the hypergeometric series in full.
SMALL_BESIDE_LARGE = [(0.5, 1e15, 1e-15), (0.5, 1e15, 3e-15), (20.5, 1e12, 1e-11), (200.5, 1e15, 3e-13)]


def series_tails(a, b, x):
    a, b, x = mp.mpf(a), mp.mpf(b), mp.mpf(x)
    term = total = 1 / a
    index = 0
    while term > total * mp.mpf(10) ** -50:
        term *= (a + b + index) * x / (a + 1 + index)
        index += 1
        total += term
        if index > 100000:
            raise ValueError("slow series")
    lower = mp.exp(a * mp.log(x) + b * mp.log1p(-x) - log_beta(a, b)) * total
    return mp.log(lower), mp.log(1 - lower)


# a, b, then errors k of n against p: evidence of ErrorRateBound with its prior Beta(1/2, 1) cut off at p.
RATE = [
    (376, 0, 0.01), (377, 0, 0.01), (663, 1, 0.01), (10000, 50, 0.01), (10000, 100, 0.01), (10000, 200, 0.01),
    (1000000, 9000, 0.01), (10**9, 10**7, 0.01), (10**9, 9990000, 0.01), (10**12, 10**9, 0.001),
    (10**15, 10**13 - 10**7, 0.01), (10**15, 10**13, 0.01),
]


def rate_evidence(n, k, p):
    a, b = mp.mpf(0.5) + k, mp.mpf(1) + n - k
    lower = log_tails(a, b, p)[0] if k > 2 else mp.log(mp.betainc(a, b, 0, mp.mpf(p), regularized=True))
    p = mp.mpf(p)
    prior_lower = mp.log(mp.sqrt(p))
    return (log_beta(a, b) + lower) - (log_beta(0.5, 1) + prior_lower) - k * mp.log(p) - (n - k) * mp.log1p(-p)


GAMMA = [1e-8, 0.1, 0.5, 1.5, 3, 9.99, 10, 42.5, 1e3, 1e6, 1e10, 1e15, 1e18]
PAIRS = [
    (0.5, 1), (0.5, 0.5), (3, 12), (12, 3), (10, 10), (1e3, 1e6), (0.5, 1e15), (9.5, 1e15), (1e15, 1e15), (1e3, 1e18),
]


def digits(value):
    if abs(value) < mp.mpf(10) ** -300:
        return "0.0"
    text = mp.nstr(value, 20, strip_zeros=False)
    return text + "0" if text.endswith(".") else text


def main():
    lines = [
        "// Written by reference/make_reference.py with mpmath at 60 digits. Do not edit.",
        "",
        "enum ReferenceValues {",
        "  /// x, ln Γ(x)",
        "  static let logGamma: [(Double, Double)] = [",
    ]
    lines += [f"    ({x!r}, {digits(mp.loggamma(x))})," for x in GAMMA]
    lines += ["  ]", "", "  /// a, b, ln B(a, b)", "  static let logBeta: [(Double, Double, Double)] = ["]
    lines += [f"    ({a!r}, {b!r}, {digits(log_beta(mp.mpf(a), mp.mpf(b)))})," for a, b in PAIRS]
    lines += [
        "  ]", "", "  /// a, b, x, ln I_x(a, b), ln(1 - I_x(a, b))",
        "  static let tails: [(Double, Double, Double, Double, Double)] = [",
    ]
    for cases, method in ((BETA, log_tails), (SMALL_BESIDE_LARGE, series_tails)):
        for a, b, x in cases:
            lower, upper = method(a, b, x)
            lines.append(f"    ({a!r}, {b!r}, {x!r}, {digits(lower)}, {digits(upper)}),")
    lines += [
        "  ]", "", "  /// requests, errors, tolerance, ln E of ErrorRateBound",
        "  static let rateEvidence: [(Int, Int, Double, Double)] = [",
    ]
    lines += [f"    ({n}, {k}, {p!r}, {digits(rate_evidence(n, k, p))})," for n, k, p in RATE]
    lines += ["  ]", "}", ""]
    target = pathlib.Path(__file__).resolve().parent.parent / "ReferenceValues.swift"
    target.write_text("\n".join(lines))


main()
