"""Everything that changes extensions, releases and tags."""

from catalog.services.extensions import edit_extension, open_extension
from catalog.services.following import note_change
from catalog.services.pushing import accept_manifest, fill_page
from catalog.services.uploading import attach_packed, fail_packing, reserve_release
from catalog.services.verdicts import Judgement, record_verdict

__all__ = [
    "Judgement",
    "accept_manifest",
    "attach_packed",
    "edit_extension",
    "fail_packing",
    "fill_page",
    "note_change",
    "open_extension",
    "record_verdict",
    "reserve_release",
]
