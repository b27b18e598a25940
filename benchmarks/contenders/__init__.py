"""What ``benchmarks.speed`` compares: one module each, with the names ``NAME``, ``prepare(texts) -> state`` and ``run(state, texts)``.

``prepare`` is not timed: it loads, trains, warms up and checks. ``run`` reads every text once, from str to result.
"""
