"""The grammar of the flat name space, and the names nobody gets."""

from __future__ import annotations

from core.errors import NameInvalidError
from wasmhub import oci

# The first segment of every route, here and planned (a test compares them with the routes), and
# names that would let somebody speak for the hub.
RESERVED = frozenset(
    """
    about account accounts admin api assets auth badge camo categories confirm dashboard device
    docs download explore favicon-ico feed help humans-txt invite livez login logout metrics new
    notifications official opensearch-xml organization organizations orgs policies policy privacy
    public publisher publishers readyz register robots-txt root search security settings signup
    sitemap-xml startupz static stats status styleguide support system tags team teams terms theme
    token tokens user users v1 v2 wasmhub webhooks well-known www
    """.split()
)


def check_namespace(name: str) -> str:
    """
    Return the name if somebody may hold it.

    :raises NameInvalidError: it is outside the grammar, or reserved
    """
    try:
        oci.check_namespace(name)
    except oci.InvalidNameError as error:
        raise NameInvalidError(str(error)) from error
    if name in RESERVED:
        raise NameInvalidError(f"The name “{name}” is reserved. Choose another one.", name=name)
    return name
