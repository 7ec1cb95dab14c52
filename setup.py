"""The one thing pyproject.toml cannot say: which Pythons the wheel fits.

The compiled part of Wayside is a program of its own, not an extension module: it links against no Python at all. So
the wheel belongs to a platform but to no interpreter, and is tagged py3-none-<platform>. Everything else is in
pyproject.toml.
"""

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    """A wheel for one platform and for every Python the metadata allows."""

    def get_tag(self) -> tuple[str, str, str]:
        """Keep the platform that was found, and drop the interpreter and its ABI."""
        _python, _abi, platform = super().get_tag()
        return "py3", "none", platform


setup(cmdclass={"bdist_wheel": PlatformWheel})
