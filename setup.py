"""The one thing setup.cfg cannot say: the C extension. All else stands there."""

from setuptools import Extension, setup

POOL = Extension(
    "_feedback_nlp_pool",
    ["feedback_nlp/scorer/_pool.c"],
    # Without a compiler the package installs all the same, and scorer/pool.py does the same work in numpy.
    optional=True,
    py_limited_api=True,
    # The float arithmetic must be that of numpy (no contraction); comparisons may be vectorised. MSVC warns of these and ignores them.
    extra_compile_args=["-O3", "-ffp-contract=off", "-fno-trapping-math"],
)

setup(ext_modules=[POOL])
