"""The room's pages: try a release, and keep examples of that."""

from validation.views.examples import delete_example, edit_example, new_example
from validation.views.trying import try_out

__all__ = ["delete_example", "edit_example", "new_example", "try_out"]
