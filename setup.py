"""The one thing setup.cfg cannot say: the C extensions. All else stands there."""

from setuptools import Extension, setup

BUFFERS = "feedback_nlp/text/_buffers.h"

NATIVE = Extension(
    "_feedback_nlp_native",
    [f"feedback_nlp/scorer/_{name}.c" for name in ("module", "clean", "pool", "dense")],
    depends=["feedback_nlp/scorer/_native.h", "feedback_nlp/scorer/_pool_loops.h", BUFFERS],
    # Without a compiler the package installs all the same, and numpy does the same work.
    optional=True,
    py_limited_api=True,
    # The float arithmetic must be that of numpy (no contraction); comparisons and roots may be vectorised. MSVC warns of these and
    # ignores them.
    extra_compile_args=["-O3", "-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"],
)

MINHASH = Extension(
    "_feedback_nlp_minhash",
    ["feedback_nlp/topics/_minhash.c"],
    depends=[BUFFERS],
    # As above: topics/kernels.py does the same work in numpy.
    optional=True,
    py_limited_api=True,
    extra_compile_args=["-O3"],
)

CUT = Extension(
    "_feedback_nlp_cut",
    ["feedback_nlp/text/_cut.c", "feedback_nlp/text/_cut_module.c"],
    depends=["feedback_nlp/text/_cut.h", BUFFERS],
    # As above: text/cutting.py does the same work in numpy, with the same sums.
    optional=True,
    py_limited_api=True,
    extra_compile_args=["-O3", "-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"],
)

setup(ext_modules=[NATIVE, MINHASH, CUT])
