"""OR-Tools CP-SAT on the same instance: x[j, t] says that job j is in wave t; hinted, two workers.

Precedence is stated wave by wave, the tight form of it with variables "in wave t".
"""
import time

from ortools.sat.python import cp_model


def solve(problem, hint, seconds):
    """Returns objective, bound, seconds, status. `hint` maps ids to waves (from 1)."""
    jobs, capacity = problem["jobs"], problem["capacity"]
    waves = max(hint.values()) + 2
    model = cp_model.CpModel()
    x = {job["id"]: [model.new_bool_var("") for _ in range(waves)] for job in jobs}
    start = {}
    for job in jobs:
        model.add_exactly_one(x[job["id"]])
        start[job["id"]] = sum(t * x[job["id"]][t] for t in range(waves))
        for t in range(waves):
            model.add_hint(x[job["id"]][t], int(hint[job["id"]] == t + 1))
    for a, b in problem["precedence"]:
        # By prefix sums: the tight form. b is done by wave t only if a is done by wave t - 1.
        model.add(start[a] + 1 <= start[b])
        for t in range(waves):
            model.add(sum(x[b][: t + 1]) <= sum(x[a][:t]))
    for t in range(waves):
        model.add(sum(job["effort"] * x[job["id"]][t] for job in jobs) <= capacity)
    model.minimize(sum(job["weight"] * (start[job["id"]] + 1) for job in jobs))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    began = time.perf_counter()
    status = solver.solve(model)
    return (solver.objective_value, solver.best_objective_bound, time.perf_counter() - began,
            solver.status_name(status))
