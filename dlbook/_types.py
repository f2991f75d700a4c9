"""Names for array types with shapes; imported by type checkers and by the test suite only."""
from jaxtyping import Bool, Float, Int, Shaped
from numpy import ndarray as Array

__all__ = ["Array", "Bool", "Float", "Int", "Shaped"]
