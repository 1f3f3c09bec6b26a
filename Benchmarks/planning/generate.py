"""Planning instances: a layered call graph, Pareto weights, seeded."""
import random


def make(n, capacity, seed=1, efforts=False):
    """About 1.4 edges a job, from any earlier layer; whole weights, so that the peer sees the same numbers."""
    rng = random.Random(seed * 1_000_003 + n)
    layers = max(3, min(12, n // 12))
    layer = sorted(rng.randrange(layers) for _ in range(n))
    by_layer = [[job for job in range(n) if layer[job] == level] for level in range(layers)]
    edges = set()
    for job in range(n):
        earlier = [other for level in range(max(0, layer[job] - 2), layer[job]) for other in by_layer[level]]
        for _ in range(rng.choice((1, 1, 1, 2, 2)) if earlier else 0):
            edges.add((rng.choice(earlier), job))
    jobs = [{"id": f"j{job:05d}", "weight": min(10_000, int(10 * rng.paretovariate(1.2))),
             "effort": rng.randint(1, 3) if efforts else 1} for job in range(n)]
    return {"jobs": jobs, "precedence": [[f"j{a:05d}", f"j{b:05d}"] for a, b in sorted(edges)], "capacity": capacity}
