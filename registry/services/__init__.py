"""Everything that changes a repository: uploads, blobs, manifests."""

from registry.services.blobs import check_room, delete_blob, link_blob, mount_blob, rely_on
from registry.services.manifests import delete_reference, push_manifest, record_manifest
from registry.services.uploads import (
    advance_upload,
    append_to_upload,
    begin_upload,
    cancel_upload,
    expire_uploads,
    finish_upload,
)

__all__ = [
    "advance_upload",
    "append_to_upload",
    "begin_upload",
    "cancel_upload",
    "check_room",
    "delete_blob",
    "delete_reference",
    "expire_uploads",
    "finish_upload",
    "link_blob",
    "mount_blob",
    "push_manifest",
    "record_manifest",
    "rely_on",
]
